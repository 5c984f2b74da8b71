//! The one way by which HTML comes onto a page that is alive.
//!
//! The pages' policy (`server::security`) has the browser refuse every string as HTML, unless it came through the
//! Trusted Types policy that is made here, once. What else makes HTML of a string fails there. leptos would, for an
//! element of a view in which all is literal: so its text stands in braces, and `xtask` refuses one without.
//! A browser without Trusted Types is given the string.

use js_sys::{JsString, Object, Reflect};
use leptos::tachys::html::{attribute::IntoAttributeValue, element::InnerHtmlValue};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};
use web_sys::Element;

use super::Document;

#[wasm_bindgen]
extern "C" {
    type Policy;

    #[wasm_bindgen(catch, js_namespace = trustedTypes, js_name = createPolicy)]
    fn create_policy(name: &str, rules: &Object) -> Result<Policy, JsValue>;

    #[wasm_bindgen(method, js_name = createHTML)]
    fn create_html(this: &Policy, html: &str) -> JsValue;
}

thread_local! {
    static POLICY: Option<Policy> = policy();
}

/// The policy that `server::security` names; none in a browser that has no policies.
fn policy() -> Option<Policy> {
    let rules = Object::new();
    // JavaScript's `String`, which gives a string back as it is: what comes here is a `Document`'s, and so escaped.
    Reflect::set(&rules, &"createHTML".into(), &JsString::from("").constructor()).ok()?;
    create_policy("rivulet", &rules).ok()
}

/// Makes the policy. Called before all else, so that no other script has the name.
pub fn trust() {
    POLICY.with(|_| ());
}

/// Makes the HTML, which must be a [`Document`]'s, the element's content.
pub(super) fn set_html(element: &Element, html: &str) {
    let html = POLICY.with(|policy| policy.as_ref().map_or_else(|| html.into(), |policy| policy.create_html(html)));
    // Not web_sys' setter, which takes a string.
    let _ = Reflect::set(element, &"innerHTML".into(), &html);
}

/// A [`Document`]'s HTML, as a view's `inner_html`.
#[derive(Clone)]
pub struct Html(String);

impl Html {
    pub fn of(document: &Document) -> Self {
        Self(document.html())
    }
}

impl IntoAttributeValue for Html {
    type Output = Self;

    fn into_attribute_value(self) -> Self {
        self
    }
}

impl InnerHtmlValue for Html {
    type AsyncOutput = Self;
    type State = (Element, Self);
    type Cloneable = Self;
    type CloneableOwned = Self;

    fn html_len(&self) -> usize {
        self.0.len()
    }

    fn to_html(self, buf: &mut String) {
        buf.push_str(&self.0);
    }

    fn to_template(_buf: &mut String) {}

    fn hydrate<const FROM_SERVER: bool>(self, element: &Element) -> Self::State {
        if !FROM_SERVER {
            set_html(element, &self.0);
        }
        (element.clone(), self)
    }

    fn build(self, element: &Element) -> Self::State {
        set_html(element, &self.0);
        (element.clone(), self)
    }

    fn rebuild(self, (element, before): &mut Self::State) {
        if self.0 != before.0 {
            set_html(element, &self.0);
            *before = self;
        }
    }

    fn into_cloneable(self) -> Self {
        self
    }

    fn into_cloneable_owned(self) -> Self {
        self
    }

    fn dry_resolve(&mut self) {}

    async fn resolve(self) -> Self {
        self
    }
}
