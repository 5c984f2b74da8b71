//! Links whose text names another host than theirs, and invisible characters that change the order of text.

use rivulet::markdown::{Document, html};

fn host(link: &str) -> Option<String> {
    let html = html(link);
    let (_, rest) = html.split_once(r#"</a><span class="host"> ("#)?;
    Some(rest.split_once(")</span>").expect("its end").0.to_owned())
}

#[test]
fn a_link_that_looks_like_another_address_shows_its_host() {
    for link in [
        "[https://bank.example](http://evil.example)",
        "[bank.example](http://evil.example/bank.example)",
        "[www.bank.example/login](https://evil.example)",
        "[**bank**.example](https://evil.example)",
        "[`bank.example`](https://evil.example \"https://bank.example\")",
        "[bank.example](http://bank.example@evil.example)",
        "[sign in](http://bank.example@evil.example)",
        "[bank.example][1]\n\n[1]: http://evil.example",
        "<http://bank.example@evil.example>",
        "[b\u{e4}nk.example](http://evil.example:8080)",
    ] {
        assert_eq!(host(link).as_deref(), Some("evil.example"), "{link}: {}", html(link));
        assert_eq!(
            Document::new(&format!("{link} and"), true).html().contains("class=\"host\""),
            !link.contains("[1]: "),
            "{link}"
        );
    }
}

#[test]
fn an_honest_link_is_only_itself() {
    for link in [
        "<https://bank.example>",
        "[bank.example](https://www.bank.example/login)",
        "[https://Bank.example/a](http://bank.example)",
        "[the bank](http://evil.example)",
        "[Read this. Then that.](http://e.example)",
        "[1.5](http://e.example)",
        "[me@bank.example](mailto:me@bank.example)",
    ] {
        assert_eq!(host(link), None, "{}", html(link));
    }
}

#[test]
fn what_turns_text_around_is_named_in_text_and_code() {
    for (text, shown) in [
        ("a\u{202e}b", "a[U+202E]b"),
        ("`a\u{2066}b`", "a[U+2066]b"),
        ("```\na\u{202d}b\n```", "a[U+202D]b"),
        ("[x](http://e.example '\u{202a}')", "[U+202A]"),
    ] {
        let html = html(text);
        assert!(html.contains(shown) && !html.contains(rivulet::text::is_bidi_control), "{html}");
    }
    let mut document = Document::new("```\na", true);
    document.update("```\na\u{202e}b", true);
    assert_eq!(document.html(), Document::new("```\na\u{202e}b", true).html());
}
