//! A very long reply: the log of a lock keeper, day after day.

use std::sync::LazyLock;

const LENGTH: usize = 200_000;

static LONG: LazyLock<String> = LazyLock::new(|| (1..).scan(0, day_until_long).collect());

/// Some 200 KB of plain prose in paragraphs, written at first use.
pub fn long() -> &'static str {
    &LONG
}

/// The next day's entry, until all of them are long enough.
fn day_until_long(length: &mut usize, day: usize) -> Option<String> {
    let entry = entry(day);
    let enough = *length >= LENGTH;
    *length += entry.len();
    (!enough).then_some(entry)
}

fn entry(day: usize) -> String {
    // Steps without a common divisor with the lengths, so that neighbours differ and pairs take long to return.
    let pick = |from: &[&'static str], step: usize| from[(day * step + day / from.len()) % from.len()];
    let height = 90 + (day * 37 + day / 5 * 11) % 140;
    let boats = 2 + (day * 7 + day / 3) % 19;
    let end = if day == 1 { "" } else { "\n\n" };
    format!(
        "{end}Day {day}. {} The gauge stood at {height} centimetres and {boats} boats went through. {} {} {} {}",
        pick(&WEATHER, 5),
        pick(&RIVER, 7),
        pick(&PEOPLE, 3),
        pick(&LEDGER, 5),
        pick(&EVENING, 4),
    )
}

const WEATHER: [&str; 12] = [
    "Mist until nine, then a thin sun that warmed nothing but the wall.",
    "Rain in the night and a clear morning after it, every leaf with its own drop.",
    "Wind from the west, strong enough to lean on.",
    "Frost on the beams of the gate, and the grass loud underfoot.",
    "A still day, so quiet that I heard the church clock from across the valley.",
    "Heat from early on, and the stones of the quay too warm to sit on by noon.",
    "Low cloud all day, as if somebody had put a lid on the river.",
    "Showers, with a rainbow each time that I had my hands full.",
    "The first real snow, which the water took in without a word.",
    "Thunder beyond the hills that never came any nearer.",
    "Bright and cold, with a sky like a rinsed plate.",
    "Drizzle, the kind that one does not notice until one is wet through.",
];

const RIVER: [&str; 13] = [
    "The water came down brown and in a hurry, carrying branches and one blue chair.",
    "The water was so clear that I could count the pebbles below the sill.",
    "Upstream they must have opened the weir, for the level rose a hand in an hour and then thought better of it.",
    "A heron stood in the shallows all morning and did not catch a thing, nor seem to mind.",
    "The eddy behind the second gate has moved a yard to the left, which I have never seen it do before.",
    "Two otters went through the lock with the grain barge, without paying.",
    "There was foam along the bank, in long white lines like handwriting.",
    "The river was in one of its slow moods and took its time over the bend.",
    "A whole raft of willow leaves drifted by in formation, yellow side up.",
    "The current pulled at the mooring ropes all day and made them hum.",
    "One could have walked across on the backs of the fish, or so the boy from the mill maintains.",
    "The swallows were drinking on the wing, each leaving one ring on the water.",
    "Below the bridge the stream had cut a new channel through the gravel, as neat as a seam.",
];

const PEOPLE: [&str; 14] = [
    "The miller came by to borrow the long rope and stayed for two hours, without the rope being mentioned again.",
    "A family in a hired boat asked me which way was down, and I told them to let go and see.",
    "The postman left a parcel for the island, and the island rowed over to fetch it.",
    "An old captain, retired these ten years, stood on the bridge and corrected everyone's steering.",
    "Two students measured the speed of the current with oranges, and then ate the instruments.",
    "The schoolteacher brought her class, and I showed them how a small gate can hold back a large thought.",
    "A man with a theodolite set up on the towpath, looked through it for some time, and went away satisfied.",
    "The ferryman's daughter took the tiller alone for the first time and did not look round once.",
    "A piano went upstream on an open barge, with the tuner aboard, tuning.",
    "The baker's boat was late, and half of the town with it.",
    "Three brothers passed through in three canoes, not speaking, and I did not ask.",
    "A painter sat by the lower gate until evening and went home with a picture of the upper one.",
    "The inspector paid his visit, tapped on the beams with his little hammer, and found them to be wood.",
    "A woman was looking for a dog, and a little later a dog came by, looking for a woman.",
];

const LEDGER: [&str; 11] = [
    "I wrote each boat down before I let it through, as one should.",
    "The clerk from the harbour asked for everything after his last line, and it was read to him in one breath.",
    "I found yesterday's page stuck to the cover, peeled it off with a knife, and not a line was missing.",
    "The pencil broke in the middle of a word, so I sharpened it and went on with the next letter.",
    "Somebody asked me to alter an entry, and I showed him how to add one instead.",
    "The numbers in my book and in the harbour's agree to the last boat, which is all that one can ask of numbers.",
    "I counted the lines twice and got the same sum, and then a third time for the pleasure of it.",
    "Two boats claimed to have been first, and the book said which.",
    "A page had got wet in the night, but pencil does not run, and by noon it was dry.",
    "The lamp went out while I was writing, and when I had lit it again I read the last line aloud and carried on from there.",
    "A visitor wondered why the numbers never start over, and I said that the river does not either.",
];

const EVENING: [&str; 15] = [
    "In the evening I oiled the hinges.",
    "After dark there were only the owls and the sluice.",
    "I had soup, and read, and listened to the gate ticking as it cooled.",
    "Before bed I went out once more to look at the gauge, from habit rather than worry.",
    "The last light stayed on the water long after it had left the fields.",
    "A boat without a lamp called from the dark at ten, and was written down like any other.",
    "I mended the net by the window and thought of nothing in particular.",
    "Somewhere downstream they were playing an accordion, not well, but with conviction.",
    "The stars were out by eight and stayed until I had stopped looking.",
    "I slept with the window open, so as to hear if the sound changed.",
    "At midnight the bell rang twice, by itself, as it does when the wind turns.",
    "There was a letter from my sister, which I am keeping for tomorrow.",
    "I swept the steps, since the river had left half of its bank on them.",
    "The cat came home wet and would not say from where.",
    "Nothing else happened, and I was glad to put that on paper.",
];
