//! Long work shows how far it is: a bar on a terminal, a line every few seconds otherwise.

use crate::show::number;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    io::{self, IsTerminal},
    time::{Duration, Instant},
};

/// How often a line is printed where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// A bar, or lines.
pub struct Progress {
    bar: ProgressBar,
    began: Instant,
    last_line: Instant,
    terminal: bool,
    n_bytes: u64,
}

impl Progress {
    /// Of work on so many bytes; 0 if nobody knows.
    pub fn new(n_bytes: u64) -> Progress {
        let terminal = io::stderr().is_terminal();
        let target = if terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target((n_bytes > 0).then_some(n_bytes), target);
        let template = if n_bytes > 0 {
            "{bar:30} {bytes}/{total_bytes}  {binary_bytes_per_sec}  {msg}  {eta} left"
        } else {
            "{spinner} {bytes}  {binary_bytes_per_sec}  {msg}"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        let now = Instant::now();
        Progress { bar, began: now, last_line: now, terminal, n_bytes }
    }

    /// Shows where the work is.
    pub fn update(&mut self, n_bytes: u64, n_events: u64, n_findings: u64) {
        self.update_with(n_bytes, n_events, n_findings, "");
    }

    /// The same, with more words at the end.
    pub fn update_with(&mut self, n_bytes: u64, n_events: u64, n_findings: u64, more: &str) {
        let rate = n_events as f64 / self.began.elapsed().as_secs_f64().max(1e-3);
        let words = format!(
            "{} events ({}/s), {} findings{more}",
            number(n_events),
            number(rate as u64),
            number(n_findings)
        );
        self.say(n_bytes, words);
    }

    /// Shows words of the caller's own.
    pub fn say(&mut self, n_bytes: u64, words: String) {
        self.bar.set_position(n_bytes);
        self.bar.set_message(words.clone());
        if !self.terminal && self.last_line.elapsed() >= LINE_EVERY {
            self.last_line = Instant::now();
            let share = (n_bytes * 100)
                .checked_div(self.n_bytes)
                .map(|share| format!("{share} % · "))
                .unwrap_or_default();
            words!("{share}{words}");
        }
    }

    /// Takes the bar away.
    pub fn end(self) {
        self.bar.finish_and_clear();
    }
}
