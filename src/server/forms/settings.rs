//! The page of what a person has chosen and keeps, and its forms.

use axum::{
    extract::{Form, FromRequest, FromRequestParts, RawQuery, Request, State},
    http::{HeaderMap, StatusCode},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use serde::{Deserialize, de::DeserializeOwned};

use super::{settings_page as answer, signed_out};
use crate::{
    access::Viewer,
    account::session::SignedIn,
    chat::api::server::forgotten_model,
    error::Failure,
    ids::{PresetId, mint},
    language::t,
    people::settings_page::{Done, Section, Settings, Typed, document},
    state::AppState,
    steering::{
        kept::{Preset, Prompt},
        settings::{PersonalSetting, PersonalSettings},
    },
};

const PAGE: &str = "/settings";

type Who = Result<SignedIn, Failure>;

pub async fn show(State(app): State<AppState>, who: Who, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let saved = [Section::Defaults, Section::Prompts, Section::Presets]
        .into_iter()
        .find(|section| query.as_deref().and_then(|query| query.strip_prefix("saved=")) == Some(section.as_str()));
    match who {
        Ok(who) => page(&app, who.viewer, &headers, saved.map(Done::Saved), None).await,
        Err(failure) => signed_out(failure),
    }
}

async fn page(
    app: &AppState,
    viewer: Viewer,
    headers: &HeaderMap,
    done: Option<Done>,
    refused: Option<(Failure, Typed)>,
) -> Response {
    let status = refused.as_ref().map_or(StatusCode::OK, |(failure, _)| failure.status());
    let refused = refused.map(|(failure, typed)| (failure.to_string(), typed));
    match contents(app, viewer, done, refused).await {
        Ok(settings) => answer(status, document(settings, headers, &app.build.style)),
        Err(error) => Failure::from(error).into_response(),
    }
}

async fn contents(
    app: &AppState,
    viewer: Viewer,
    done: Option<Done>,
    refused: Option<(String, Typed)>,
) -> sqlx::Result<Settings> {
    Ok(Settings {
        personal: app.database.personal_settings(viewer).await?,
        models: app.providers.catalog().entries.into_iter().map(|entry| (entry.key, entry.name)).collect(),
        prompts: app.database.prompts(viewer).await?,
        presets: app.database.presets(viewer).await?,
        new_prompt: mint(),
        done,
        refused,
    })
}

/// Sends on to the section in which something was saved; or shows what was typed, with why it was not.
async fn respond(
    app: &AppState,
    who: SignedIn,
    headers: &HeaderMap,
    section: Section,
    saved: Result<(), Failure>,
    typed: Typed,
) -> Response {
    let name = section.as_str();
    match saved {
        Ok(()) => Redirect::to(&format!("{PAGE}?saved={name}#{name}")).into_response(),
        Err(failure) => page(app, who.viewer, headers, None, Some((failure, typed))).await,
    }
}

/// Whoever sends a form, and what is in it. It is read only once it is known who they are.
pub struct OwnForm<T>(SignedIn, T);

impl<T: DeserializeOwned> FromRequest<AppState> for OwnForm<T> {
    type Rejection = Response;

    async fn from_request(request: Request, app: &AppState) -> Result<OwnForm<T>, Response> {
        let (mut parts, body) = request.into_parts();
        let who = SignedIn::from_request_parts(&mut parts, app).await.map_err(signed_out)?;
        let form = Form::from_request(Request::from_parts(parts, body), app).await;
        form.map(|Form(form)| OwnForm(who, form)).map_err(IntoResponse::into_response)
    }
}

#[derive(Deserialize)]
pub struct Defaults {
    model: String,
    system_prompt: String,
}

pub async fn set_defaults(
    State(app): State<AppState>,
    headers: HeaderMap,
    OwnForm(who, form): OwnForm<Defaults>,
) -> Response {
    let typed = PersonalSettings { default_model: Some(form.model), system_prompt: Some(form.system_prompt) };
    let set = async {
        let before = app.database.personal_settings(who.viewer).await?;
        // Both are looked at before one is written.
        let prompt = PersonalSetting::SystemPrompt(typed.system_prompt.clone()).checked()?;
        let model = PersonalSetting::DefaultModel(typed.default_model.clone()).checked()?;
        app.database.set_personal_setting(who.viewer, &prompt).await?;
        let is_same = model == PersonalSetting::DefaultModel(before.default_model);
        if !is_same {
            app.database.set_personal_setting(who.viewer, &model).await?;
        }
        Ok(is_same)
    };
    let set: Result<bool, Failure> = set.await;
    let forgotten = (set == Ok(false)).then(forgotten_model);
    let response = respond(&app, who, &headers, Section::Defaults, set.map(drop), Typed::Defaults(typed)).await;
    (AppendHeaders(forgotten), response).into_response()
}

#[derive(Deserialize)]
pub struct PromptForm {
    id: String,
    title: String,
    text: String,
}

pub async fn save_prompt(
    State(app): State<AppState>,
    headers: HeaderMap,
    OwnForm(who, form): OwnForm<PromptForm>,
) -> Response {
    let Ok(id) = form.id.parse() else { return Failure::NotFound.into_response() };
    let typed = Prompt { id, title: form.title, text: form.text };
    let saved = async {
        let saved = app.database.save_prompt(who.viewer, &typed.clone().checked()?).await?;
        saved.or_failure(t().steering.many_prompts, t().steering.prompt_title_taken)
    };
    let saved = saved.await;
    respond(&app, who, &headers, Section::Prompts, saved, Typed::Prompt(typed)).await
}

#[derive(Deserialize)]
pub struct Id {
    id: String,
}

pub async fn delete_prompt(
    State(app): State<AppState>,
    headers: HeaderMap,
    OwnForm(who, form): OwnForm<Id>,
) -> Response {
    let deleted = async {
        let prompts = app.database.prompts(who.viewer).await?;
        let prompt = prompts.into_iter().find(|prompt| prompt.id.to_string() == form.id);
        if let Some(prompt) = &prompt {
            app.database.delete_prompt(who.viewer, prompt.id).await?;
        }
        Ok::<_, Failure>(prompt)
    };
    match deleted.await {
        // Also where it was gone already.
        Ok(prompt) => page(&app, who.viewer, &headers, prompt.map(Done::PromptDeleted), None).await,
        Err(failure) => failure.into_response(),
    }
}

#[derive(Deserialize)]
pub struct PresetName {
    id: String,
    name: String,
}

pub async fn rename_preset(
    State(app): State<AppState>,
    headers: HeaderMap,
    OwnForm(who, form): OwnForm<PresetName>,
) -> Response {
    let Ok(id) = form.id.parse() else { return Failure::NotFound.into_response() };
    let saved = match preset(&app, who.viewer, id).await {
        Ok(preset) => save(&app, who.viewer, Preset { name: form.name.clone(), ..preset }).await,
        Err(failure) => Err(failure),
    };
    respond(&app, who, &headers, Section::Presets, saved, Typed::PresetName(id, form.name)).await
}

async fn preset(app: &AppState, viewer: Viewer, id: PresetId) -> Result<Preset, Failure> {
    let presets = app.database.presets(viewer).await?;
    presets.into_iter().find(|preset| preset.id == id).ok_or(Failure::NotFound)
}

async fn save(app: &AppState, viewer: Viewer, preset: Preset) -> Result<(), Failure> {
    let saved = app.database.save_preset(viewer, &preset.checked()?).await?;
    saved.or_failure(t().steering.many_presets, t().steering.preset_name_taken)
}

pub async fn delete_preset(
    State(app): State<AppState>,
    headers: HeaderMap,
    OwnForm(who, form): OwnForm<Id>,
) -> Response {
    let Ok(id) = form.id.parse() else { return Failure::NotFound.into_response() };
    let deleted = async {
        let preset = preset(&app, who.viewer, id).await?;
        app.database.delete_preset(who.viewer, id).await?;
        Ok(preset)
    };
    match deleted.await {
        Ok(preset) => page(&app, who.viewer, &headers, Some(Done::PresetDeleted(preset)), None).await,
        Err(Failure::NotFound) => page(&app, who.viewer, &headers, None, None).await,
        Err(failure) => failure.into_response(),
    }
}

#[derive(Deserialize)]
pub struct DeletedPreset {
    preset: String,
}

/// Takes back that a preset was deleted, which the page has in its form.
pub async fn restore_preset(
    State(app): State<AppState>,
    headers: HeaderMap,
    OwnForm(who, form): OwnForm<DeletedPreset>,
) -> Response {
    let Ok(preset) = serde_json::from_str::<Preset>(&form.preset) else { return Failure::NotFound.into_response() };
    let typed = Typed::PresetName(preset.id, preset.name.clone());
    let saved = save(&app, who.viewer, preset).await;
    respond(&app, who, &headers, Section::Presets, saved, typed).await
}
