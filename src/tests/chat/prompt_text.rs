//! Saved prompts, from the `/word` to the text in a message.

use rivulet::steering::prompt_text::{Filled, Variables, fill, is_meant, slash_word};

fn filled(prompt: &str, selection: &str) -> Filled {
    fill(prompt, Variables { date: "27 Nov 2026", name: "Ada {{date}}", selection })
}

/// Rule: each variable is filled in, however it is written; what is filled in is not looked at again.
#[test]
fn variables_are_filled_in_once() {
    for (prompt, text) in [
        ("Hello", "Hello"),
        ("On {{date}}: {{ Name }}.", "On 27 Nov 2026: Ada {{date}}."),
        ("{{selection}}\n\n{{SELECTION}}", "the {{name}}\n\nthe {{name}}"),
        ("{{{{date}}}}", "{{27 Nov 2026}}"),
        ("{{date", "{{date"),
        ("{{}} {{ }} {{a\nb}} {date}}", "{{}} {{ }} {{a\nb}} {date}}"),
    ] {
        assert_eq!(
            filled(prompt, "the {{name}}"),
            Filled { text: text.into(), cursor: text.len()..text.len() },
            "{prompt}"
        );
    }
}

/// Rule: the cursor comes to what is to be written first, which is selected; a selection that there is none of leaves its
/// place.
#[test]
fn the_cursor_comes_to_the_first_blank() {
    for (prompt, text, cursor) in [
        ("To {{whom}}, {{why}}", "To {{whom}}, {{why}}", 3..11),
        ("é {{date}} {{whom}}", "é 27 Nov 2026 {{whom}}", 15..23),
        ("Explain {{selection}} to {{whom}}.", "Explain  to {{whom}}.", 8..8),
    ] {
        assert_eq!(filled(prompt, ""), Filled { text: text.into(), cursor }, "{prompt}");
    }
}

/// Rule: a prompt of the longest kind is filled in with a constant number of steps a byte.
#[test]
fn braces_without_an_end_cost_nothing() {
    let prompt = "{{".repeat(32 * 1024);
    assert_eq!(filled(&prompt, "").text, prompt);
    let long = format!("{{{{{}}}}} {{{{{}", "x".repeat(81), "ü".repeat(100));
    assert_eq!(filled(&long, "").text, long);
}

/// Rule: `/` counts at the beginning of a word that the cursor is at the end of.
#[test]
fn the_word_behind_a_slash() {
    for (before, after, word) in [
        ("/", "", Some("")),
        ("/rep", "", Some("rep")),
        ("Hello /rep", " there", Some("rep")),
        ("a\n/", "\nb", Some("")),
        ("", "/rep", None),
        ("/rep ", "", None),
        ("/re", "p", None),
        ("either/or", "", None),
        ("http://", "", None),
    ] {
        assert_eq!(slash_word(before, after), word, "{before}|{after}");
    }
    assert_eq!(slash_word(&format!("/{}", "x".repeat(81)), ""), None);
}

/// Rule: a word finds the titles that have it.
#[test]
fn titles_are_found_by_a_word() {
    for word in ["", "WEEK", "report", "weeklyrep"] {
        assert!(is_meant("Weekly report", word), "{word}");
    }
    assert!(!is_meant("Weekly report", "monthly"));
}
