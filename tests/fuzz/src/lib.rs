//! What the fuzz targets share: the pure stages over bytes, with what must hold whatever the bytes are.

use kinescope_schemas::{Event, Id, Severity, ocsf, tables::base};
use kinescope_stages::{
    classify::classify,
    decode::{Bad, Body, DecodeError, Envelope, Input, Limits, Message, Visitor, decode},
    derive::{Minutes, Points},
    detect::Rules,
    parse::{Settings, parse},
};

/// Takes bytes through decode, parse, classify and derive; `rules` are matched with and without the index.
pub fn travel(input: &Input<'_>, settings: &Settings, rules: &Rules) -> Travelled {
    let mut road = Road { settings, rules, travelled: Travelled::default(), points: Points::default() };
    decode(input, &Limits::default(), &mut road);
    let mut minutes = Minutes::default();
    minutes.add(road.points);
    for (_, point) in minutes.close(true) {
        assert!(point.samples > 0.0, "a point of nothing");
    }
    road.travelled
}

/// The input of bytes alone.
pub fn input<'a>(bytes: &'a [u8], envelope: &'a Envelope<'a>) -> Input<'a> {
    Input { bytes, record_id: Id::of(&[b"fuzz"]), offset: 0, header: None, envelope }
}

/// What came of the bytes.
#[derive(Debug, Default)]
pub struct Travelled {
    /// Events.
    pub n_events: u64,
    /// Control messages.
    pub n_control: u64,
    /// What could not be read.
    pub n_bad: u64,
}

struct Road<'s> {
    settings: &'s Settings,
    rules: &'s Rules,
    travelled: Travelled,
    points: Points,
}

impl Visitor for Road<'_> {
    fn message(&mut self, message: Message<'_, '_>) -> Result<(), DecodeError> {
        let is_line = matches!(message.body, Body::Line(_));
        let mut event = match parse(message, self.settings) {
            Err(error) if is_line => panic!("a line is always an event, at least an unknown one: {error}"),
            parsed => parsed?,
        };
        self.travelled.n_events += 1;
        let severity = classify(&mut event);
        self.points.add_event(&event, severity);
        check(&event, severity, self.rules);
        Ok(())
    }

    fn control(&mut self) {
        self.travelled.n_control += 1;
    }

    fn bad(&mut self, bad: Bad<'_, '_>) {
        self.travelled.n_bad += 1;
        assert!(!bad.error.to_string().is_empty() && bad.context.position().path.len() < 1 << 10);
    }
}

fn check(event: &Event<'_>, severity: Severity, rules: &Rules) {
    assert!(!event.uid().is_empty(), "an event without an id");
    assert_eq!(event.row.int(base::SEVERITY_ID), Some(severity.id()));
    assert!(!event.row.str(base::SEVERITY_REASON).is_empty(), "a severity without a reason");
    assert!(ocsf::to_json(event).is_object());
    let mut matching = Vec::new();
    rules.matching(event, |rule| matching.push(rule.about.id.as_str()));
    let mut linear: Vec<&str> = rules.linear(event).into_iter().map(|rule| rule.about.id.as_str()).collect();
    matching.sort_unstable();
    linear.sort_unstable();
    assert_eq!(matching, linear, "the index and the plain evaluation differ");
}
