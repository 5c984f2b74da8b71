-- What the model was asked to do where a reply begins with the words of another. Each later epoch of it is asked the same.
ALTER TABLE messages ADD COLUMN instruction TEXT;
