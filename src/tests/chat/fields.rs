//! The texts of a form with options, and the options that they are.

use rivulet::{
    chat::steering::fields::{FieldTexts, Unsaved},
    error::Failure,
    ids::mint,
    steering::options::{Options, ReasoningEffort},
};

fn prompt(prompt: Option<&str>) -> Options {
    Options { system_prompt: prompt.map(str::to_owned), ..Options::default() }
}

/// Rule: options that are shown in the form and saved as they are stay what they are, those that set an empty prompt, too.
#[test]
fn what_is_not_touched_stays() {
    let all = Options {
        temperature: Some(0.7),
        top_p: Some(1.0),
        max_tokens: Some(4000),
        reasoning_effort: Some(ReasoningEffort::XHigh),
        stop: vec!["END".into(), " two words".into()],
        ..prompt(Some("Be brief.\n\nBe kind."))
    };
    for options in [all, prompt(None), prompt(Some(""))] {
        assert_eq!(FieldTexts::from(&options).options(), Ok(options));
    }
}

/// Rule: an empty field for the system prompt sets nothing, unless there is to be none; one that is written counts.
#[test]
fn no_system_prompt_is_one_of_the_choices() {
    for (system_prompt, no_system_prompt, set) in [
        ("", false, None),
        (" \n", false, None),
        ("", true, Some("")),
        (" \n", true, Some("")),
        ("Yes", true, Some("Yes")),
    ] {
        let texts = FieldTexts { system_prompt: system_prompt.into(), no_system_prompt, ..FieldTexts::default() };
        assert_eq!(texts.options(), Ok(prompt(set)), "{texts:?}");
    }
}

/// Rule: numbers are taken as people write them; what is none is refused with a sentence that names the field.
#[test]
fn numbers_as_people_write_them() {
    let texts = |text: &str| FieldTexts { temperature: text.into(), ..FieldTexts::default() };
    for text in ["0.5", " 0,5 ", ".5", "5e-1"] {
        assert_eq!(texts(text).options().map(|options| options.temperature), Ok(Some(0.5)), "{text}");
    }
    let wrong = [
        (texts("warm"), "temperature"),
        (texts("0.5.1"), "temperature"),
        (FieldTexts { top_p: "half".into(), ..FieldTexts::default() }, "Top p"),
        (FieldTexts { max_tokens: "1,5".into(), ..FieldTexts::default() }, "tokens"),
        (FieldTexts { max_tokens: "-1".into(), ..FieldTexts::default() }, "tokens"),
    ];
    for (texts, word) in wrong {
        let Err(Failure::Invalid(sentence)) = texts.options() else { panic!("{texts:?} is taken") };
        assert!(sentence.contains(word), "{sentence}");
    }
}

/// Rule: a draft of the form comes back as it was typed, be that right or wrong.
#[test]
fn a_draft_comes_back_as_it_was_typed() {
    let texts = FieldTexts { temperature: "warm".into(), no_system_prompt: true, ..FieldTexts::default() };
    let unsaved = Unsaved { rev: 3, texts, preset: mint(), name: " Short ".into() };
    let kept = serde_json::to_string(&unsaved).expect("a draft");
    assert_eq!(serde_json::from_str::<Unsaved>(&kept).expect("the same"), unsaved);
}
