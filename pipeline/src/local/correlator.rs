//! Counts what correlations want counted, in memory and within one run.
//!
//! It is a sink like the others: it takes the matches of every output and answers for them. A run on AWS, whose batches
//! share no memory, puts another in its place.

use crate::{
    lake::{DayRange, Rows, close},
    output::Output,
    sink::{Answers, Sink},
};
use kinescope_schemas::Table;
use kinescope_stages::detect::{Correlation, Finding, Rules, correlate::State};

/// The correlations, in their order, each with what it has seen.
pub(super) struct Correlator(Vec<(Correlation, State)>);

impl Correlator {
    pub(super) fn new(rules: &Rules) -> Correlator {
        Correlator(rules.correlations().iter().map(|one| (one.clone(), State::default())).collect())
    }

    /// The findings of all that came, as an output of no record; their rows too, if there is a lake.
    pub(super) fn findings(&self, days: DayRange, lake: bool) -> Output {
        let mut output = Output::default();
        let mut rows = Vec::new();
        for (at, (correlation, state)) in self.0.iter().enumerate() {
            for found in state.findings(at, correlation) {
                let finding = Finding::of_correlation(correlation, &found);
                output.points.add_finding(&finding);
                if lake {
                    Rows::of(&mut rows, Table::Findings, days.day_of(finding.time_ms)).push(&finding.row, 0);
                }
                output.findings.push((0, finding));
            }
        }
        output.rows = close(rows);
        output
    }

    /// Matches that found no place.
    pub(super) fn n_dropped(&self) -> u64 {
        self.0.iter().map(|(_, state)| state.n_dropped()).sum()
    }
}

impl Sink for Correlator {
    fn name(&self) -> &'static str {
        "correlator"
    }

    fn write(&mut self, output: &Output) -> Answers {
        for (_, at, hit) in &output.hits {
            if let Some((correlation, state)) = self.0.get_mut(*at) {
                state.add(correlation, hit);
            }
        }
        Answers::delivered(output.hits.len())
    }
}
