-- The last list of models that each provider gave, as JSON: a page shows it without asking.
CREATE TABLE provider_models (
    provider TEXT PRIMARY KEY NOT NULL,
    models   TEXT NOT NULL
);
