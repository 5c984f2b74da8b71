//! The few icons, as paths on a 24-unit grid, drawn with the text's colour.

use leptos::prelude::*;

pub const PLUS: &str = "M12 5v14M5 12h14";
pub const MENU: &str = "M4 7h16M4 12h16M4 17h16";
pub const CLOSE: &str = "M6 6l12 12M18 6L6 18";
pub const SEND: &str = "M12 19V5M6 11l6-6 6 6";
pub const STOP: &str = "M7 7h10v10H7z";
pub const COPY: &str = "M9 9h10v10H9zM5 15V5h10";
pub const TICK: &str = "M5 13l5 5L19 7";
pub const RETRY: &str = "M19 12a7 7 0 1 1-2.05-4.95L19 9M19 4v5h-5";
pub const CONTINUE: &str = "M7 5l10 7-10 7z";
pub const MORE: &str =
    "M4 12a1 1 0 1 0 2 0 1 1 0 1 0-2 0M11 12a1 1 0 1 0 2 0 1 1 0 1 0-2 0M18 12a1 1 0 1 0 2 0 1 1 0 1 0-2 0";
pub const PENCIL: &str = "M5 19l1-4L16 5l3 3L9 18zM14 7l3 3";
pub const BIN: &str = "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13";
pub const THUMB_UP: &str =
    "M4 11h4v9H4zM8 12l4-8c2 0 2.5 1.5 2 3l-.7 3H19a1.5 1.5 0 0 1 1.5 1.9l-1.7 6.6A2 2 0 0 1 17 20H8";
pub const THUMB_DOWN: &str =
    "M4 13h4V4H4zM8 12l4 8c2 0 2.5-1.5 2-3l-.7-3H19a1.5 1.5 0 0 0 1.5-1.9l-1.7-6.6A2 2 0 0 0 17 4H8";
pub const BOX: &str = "M4 5h16v4H4zM5.5 9v10h13V9M10 13h4";
pub const LEFT: &str = "M14 6l-6 6 6 6";
pub const RIGHT: &str = "M10 6l6 6-6 6";
pub const QUOTE: &str = "M10 7H5v6h5zM10 7v6c0 3-2 4-4 4M19 7h-5v6h5zM19 7v6c0 3-2 4-4 4";
pub const ASK: &str = "M5 5h14v11h-8l-4 4v-4H5zM9 9h6M9 12h4";
pub const DOWN: &str = "M12 5v14M6 13l6 6 6-6";
pub const CLOCK: &str = "M12 3a9 9 0 1 0 0 18 9 9 0 1 0 0-18M12 7v5l3.5 2";
pub const THEME: &str = "M12 3a9 9 0 1 0 9 9 7 7 0 0 1-9-9z";
pub const SLIDERS: &str = "M4 8h9M17 8h3M15 6v4M4 16h3M11 16h9M9 14v4";
pub const SHIELD: &str = "M12 3l7 3v5c0 5-3 8-7 10-4-2-7-5-7-10V6zM9 12l2 2 4-4";
pub const NUT: &str = "M12 3l8 4.5v9L12 21l-8-4.5v-9zM9 12a3 3 0 1 0 6 0a3 3 0 1 0-6 0";
pub const LEAVE: &str = "M14 5H6v14h8M11 12h9M17 9l3 3-3 3";

/// Decoration beside a name: hidden from screen readers.
#[component]
pub fn Icon(path: &'static str) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
            <path d=path />
        </svg>
    }
}
