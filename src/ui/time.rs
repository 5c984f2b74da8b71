//! An instant as people read it, exact on hover.

use leptos::prelude::*;

use crate::{ids::Millis, language::t};

const DAY: Millis = 24 * 60 * 60 * 1000;

/// A day and a time of a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calendar {
    pub year: i64,
    /// From 1 on, as the day.
    pub month: i64,
    pub day: i64,
    pub hour: i64,
    pub minute: i64,
    pub second: i64,
}

impl Calendar {
    /// The Gregorian calendar, with months counted from March on, so that a leap day is the last of its year.
    pub fn of(at: Millis) -> Calendar {
        const FOUR_CENTURIES: i64 = 146_097;
        // From the first of March of the year 0 on.
        let days = at.div_euclid(DAY) + 719_468;
        let of_era = days.rem_euclid(FOUR_CENTURIES);
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let from_march = (5 * of_year + 2) / 153;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        let seconds = at.rem_euclid(DAY) / 1000;
        Calendar {
            year: year + 400 * days.div_euclid(FOUR_CENTURIES) + i64::from(month <= 2),
            month,
            day: of_year - (153 * from_march + 2) / 5 + 1,
            hour: seconds / 3600,
            minute: seconds / 60 % 60,
            second: seconds % 60,
        }
    }

    /// As `<time>` takes it, of UTC.
    fn machine_readable(self) -> String {
        let Calendar { year, month, day, hour, minute, second } = self;
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// `now` and `offset`, the minutes to add to UTC, are those of the page. Of today the time is shown, else the date.
#[component]
pub fn Time(at: Millis, now: Millis, offset: i32) -> impl IntoView {
    let local = |at: Millis| at + Millis::from(offset) * 60_000;
    let Calendar { year, month, day, hour, minute, second } = Calendar::of(local(at));
    let is_today = local(at).div_euclid(DAY) == local(now).div_euclid(DAY);
    let date = (t().page.date)(year, month, day);
    let exact = format!("{date}, {hour:02}:{minute:02}:{second:02}");
    let shown = if is_today { format!("{hour:02}:{minute:02}") } else { date };
    view! {
        <time datetime=Calendar::of(at).machine_readable() title=exact>
            {shown}
        </time>
    }
}
