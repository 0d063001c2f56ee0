//! Attacks: short stories of CloudTrail events, woven in among the background.
//!
//! The stories come from public reports of what attackers do in AWS accounts. Each names the rules that must
//! fire on its key events; a rule that fires on another of its events is right too.

mod compute;
mod console;
mod credentials;
mod network;
mod step;
mod storage;
mod tampering;

pub(crate) use step::Step;
use step::{Actor, Story};

use crate::random::Random;
use crate::{Expected, Scenario};

/// Fewer CloudTrail events than this leave no room to hide a story in.
const N_EVENTS_MIN: u64 = 1_000;

/// The steps of all scenarios, by their place in the stream of CloudTrail events.
pub(crate) struct Schedule {
    steps: Vec<(u64, Step)>,
    next: usize,
    scenarios: Vec<Scenario>,
}

impl Schedule {
    /// The schedule for a stream of `n_events`, which is empty when they are too few.
    pub(crate) fn new(seed: u64, n_events: u64) -> Schedule {
        let mut random = Random::new(seed, "scenarios");
        let stories = if n_events < N_EVENTS_MIN { Vec::new() } else { stories(&mut random) };
        let scenarios = stories.iter().map(scenario).collect();
        Schedule { steps: spread(stories, n_events, &mut random), next: 0, scenarios }
    }

    /// The step at `idx` of the stream, which must be asked for in order.
    pub(crate) fn due(&mut self, idx: u64) -> Option<&Step> {
        let (position, step) = self.steps.get(self.next)?;
        (*position == idx).then(|| {
            self.next += 1;
            step
        })
    }

    /// The scenarios, for the manifest.
    pub(crate) fn into_scenarios(self) -> Vec<Scenario> {
        self.scenarios
    }
}

fn stories(random: &mut Random) -> Vec<Story> {
    vec![
        credentials::leaked_key(random),
        credentials::privilege_escalation(random),
        tampering::trail_tampering(random),
        storage::s3_exfiltration(random),
        storage::s3_ransomware(random),
        network::security_group_opened(random),
        console::console_without_mfa(random),
        compute::crypto_mining(random),
        network::snapshot_shared(random),
        compute::lambda_backdoor(random),
        console::failed_login_burst(random),
    ]
}

fn scenario(story: &Story) -> Scenario {
    let expects = story.steps.iter().filter_map(|step| {
        let rule = step.rule?.to_owned();
        Some(Expected { rule, event_uid: step.event_id.clone() })
    });
    Scenario {
        name: story.name.to_owned(),
        title: story.title.to_owned(),
        account: story.account.to_owned(),
        expects: expects.collect(),
    }
}

/// Gives every story its part of the stream, and its steps places with background between them.
fn spread(stories: Vec<Story>, n_events: u64, random: &mut Random) -> Vec<(u64, Step)> {
    let n_parts = stories.len() as u64 * 2 + 1;
    // A story fills less than its part: the longest has 26 steps.
    let gap_max = (n_events / n_parts / 13).clamp(1, 400);
    let mut steps = Vec::new();
    for (story_idx, story) in stories.into_iter().enumerate() {
        let mut position = n_events * (2 * story_idx as u64 + 1) / n_parts;
        let gap_max = if story.is_burst { gap_max.min(2) } else { gap_max };
        for step in story.steps {
            steps.push((position, step));
            position += random.between(1, gap_max);
        }
    }
    // Stories have parts of their own, so that the places rise already.
    debug_assert!(steps.is_sorted_by(|left, right| left.0 < right.0));
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_have_places_of_their_own_within_the_stream() {
        for n_events in [1_000, 1_200, 2_000, 100_000] {
            let schedule = Schedule::new(3, n_events);
            let places: Vec<u64> = schedule.steps.iter().map(|(position, _)| *position).collect();
            assert!(places.is_sorted_by(|left, right| left < right), "{places:?}");
            assert!(places.last().is_some_and(|last| *last < n_events));
            assert_eq!(schedule.scenarios.len(), 11);
        }
        assert!(Schedule::new(3, 999).steps.is_empty());
    }

    #[test]
    fn every_scenario_expects_something() {
        let schedule = Schedule::new(3, 2_000);
        assert!(schedule.scenarios.iter().all(|scenario| !scenario.expects.is_empty()));
        let logins = schedule.scenarios.iter().find(|scenario| scenario.name == "failed_login_burst");
        assert_eq!(logins.map(|scenario| scenario.expects.len()), Some(25));
    }
}
