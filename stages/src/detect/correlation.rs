//! Sigma correlations: how often, how many different, in which order the matches of other rules come.

use super::{
    Rules,
    correlate::{ENTRIES_PER_GROUP_MAX, Hit, group_key},
    field::{Field, Seen, Subject},
    rule::About,
};
use kinescope_schemas::tables::base;
use kinescope_sigma::{self as sigma, Origin, RuleError};
use rsigma_parser::{
    ConditionExpr, ConditionOperator as Operator, CorrelationCondition, CorrelationType, WindowMode,
};

/// Longest timespan, 31 days.
pub const TIMESPAN_MS_MAX: i64 = 31 * 24 * 3_600_000;

/// Rules that a correlation may name.
pub const RULES_MAX: usize = 64;

/// Fields that it may group by.
pub const GROUP_FIELDS_MAX: usize = 8;

/// What is counted within the timespan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Events.
    EventCount,
    /// Different values of a field.
    ValueCount,
    /// Rules, of which all must have matched.
    Temporal,
    /// The same, one after the other.
    TemporalOrdered,
    /// The sum of a field.
    Sum,
    /// Its mean.
    Average,
    /// This percentile of it, by nearest rank.
    Percentile(u64),
}

/// What must hold of the number; of the rules that matched, for those that are temporal.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Wanted {
    Number(Vec<(Operator, f64)>),
    Rules(Expr),
}

/// Over the places of rules in the correlation's list.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expr {
    Rule(usize),
    And(Vec<Expr>),
    Or(Vec<Expr>),
}

/// A correlation whose rules are known.
#[derive(Debug, Clone)]
pub struct Correlation {
    /// Its page.
    pub about: About,
    /// What is counted.
    pub kind: Kind,
    /// Its rules, by their place in [`Rules::all`], in its order.
    pub rules: Vec<usize>,
    /// Within what time, in milliseconds.
    pub timespan_ms: i64,
    /// Whether its rules make findings of their own as well.
    pub generate: bool,
    /// The names of what is grouped by.
    pub group_names: Vec<String>,
    pub(super) wanted: Wanted,
    /// For each rule, where it has the fields that are grouped by.
    group_by: Vec<Vec<Field>>,
    /// The fields whose values are counted.
    values: Vec<Field>,
}

/// A correlation before its rules are looked for.
#[derive(Debug)]
pub(super) struct Unlinked {
    rule: sigma::Correlation,
    about: About,
}

impl Unlinked {
    pub(super) fn new(rule: sigma::Correlation, about: About) -> Result<Unlinked, RuleError> {
        let unlinked = Unlinked { rule, about };
        unlinked.check().map_err(|(word, reason)| unlinked.error(word, reason))?;
        Ok(unlinked)
    }

    pub(super) fn origin(&self) -> &Origin {
        &self.about.origin
    }

    fn error(&self, word: &str, reason: String) -> RuleError {
        RuleError::of(self.origin(), ["correlation", word], reason)
    }

    fn check(&self) -> Result<(), (&'static str, String)> {
        let rule = &self.rule;
        if rule.rules.is_empty() || rule.rules.len() > RULES_MAX {
            return Err(("rules", format!("a correlation names from 1 to {RULES_MAX} rules")));
        }
        if rule.window != WindowMode::Sliding {
            return Err(("window", "only sliding windows are supported".to_owned()));
        }
        if rule.group_by.len() > GROUP_FIELDS_MAX {
            return Err(("group-by", format!("a correlation groups by at most {GROUP_FIELDS_MAX} fields")));
        }
        if span_ms(rule).is_none() {
            // Older rules have another word for it.
            let word = if self.origin().text.contains("timeframe") { "timeframe" } else { "timespan" };
            return Err((word, format!("a timespan lies between 1s and {}d", TIMESPAN_MS_MAX / 86_400_000)));
        }
        for of_rules in rule.aliases.values() {
            if let Some(name) = of_rules.keys().find(|name| !rule.rules.contains(name)) {
                return Err(("aliases", format!("{name} is none of the correlation's rules")));
            }
        }
        Ok(())
    }

    /// Finds its rules.
    pub(super) fn link(self, rules: &Rules) -> Result<Correlation, RuleError> {
        let place = |name: &String| {
            let found = rules.all().iter().position(|rule| rule.about.is_called(name));
            found.ok_or_else(|| {
                self.error(name, format!("no rule is called {name}; correlations name rules only"))
            })
        };
        let places = self.rule.rules.iter().map(place).collect::<Result<Vec<_>, _>>()?;
        let kind = self.kind().map_err(|reason| self.error("condition", reason))?;
        let wanted = self.wanted(kind).map_err(|reason| self.error("condition", reason))?;
        let group_by =
            self.rule.rules.iter().map(|name| self.group_fields(name)).collect::<Result<_, _>>()?;
        let (values, span) = (self.values(kind)?, span_ms(&self.rule).unwrap_or(TIMESPAN_MS_MAX));
        let rule = self.rule;
        Ok(Correlation {
            about: self.about,
            kind,
            rules: places,
            timespan_ms: span,
            generate: rule.generate,
            group_names: rule.group_by,
            wanted,
            group_by,
            values,
        })
    }

    fn kind(&self) -> Result<Kind, String> {
        let percentile = match &self.rule.condition {
            CorrelationCondition::Threshold { percentile, .. } => *percentile,
            CorrelationCondition::Extended(_) => None,
        };
        Ok(match self.rule.kind {
            CorrelationType::EventCount => Kind::EventCount,
            CorrelationType::ValueCount => Kind::ValueCount,
            CorrelationType::Temporal => Kind::Temporal,
            CorrelationType::TemporalOrdered => Kind::TemporalOrdered,
            CorrelationType::ValueSum => Kind::Sum,
            CorrelationType::ValueAvg => Kind::Average,
            CorrelationType::ValueMedian => Kind::Percentile(50),
            CorrelationType::ValuePercentile => match percentile {
                Some(percent) if percent <= 100 => Kind::Percentile(percent),
                _ => return Err("value_percentile wants a percentile from 0 to 100".to_owned()),
            },
        })
    }

    fn wanted(&self, kind: Kind) -> Result<Wanted, String> {
        let is_temporal = matches!(kind, Kind::Temporal | Kind::TemporalOrdered);
        match &self.rule.condition {
            CorrelationCondition::Extended(expr) if kind == Kind::Temporal => {
                Ok(Wanted::Rules(self.expr(expr)?))
            }
            CorrelationCondition::Extended(_) => Err("only temporal takes an expression of rules".to_owned()),
            CorrelationCondition::Threshold { predicates, .. } if is_temporal => {
                // What the parser has where nothing is written.
                if predicates[..] != [(Operator::Gte, 1)] {
                    return Err("a temporal correlation wants all its rules, not a number".to_owned());
                }
                Ok(Wanted::Rules(Expr::And((0..self.rule.rules.len()).map(Expr::Rule).collect())))
            }
            CorrelationCondition::Threshold { predicates, .. } => {
                let bounds: Vec<_> = predicates.iter().map(|(operator, n)| (*operator, *n as f64)).collect();
                if matches!(kind, Kind::EventCount | Kind::ValueCount) {
                    check_count(&bounds)?;
                }
                Ok(Wanted::Number(bounds))
            }
        }
    }

    fn expr(&self, expr: &ConditionExpr) -> Result<Expr, String> {
        let all =
            |list: &[ConditionExpr]| list.iter().map(|part| self.expr(part)).collect::<Result<Vec<_>, _>>();
        match expr {
            ConditionExpr::And(list) => Ok(Expr::And(all(list)?)),
            ConditionExpr::Or(list) => Ok(Expr::Or(all(list)?)),
            ConditionExpr::Identifier(name) => {
                let at = self.rule.rules.iter().position(|rule| rule == name);
                at.map(Expr::Rule).ok_or_else(|| format!("{name} is none of the correlation's rules"))
            }
            ConditionExpr::Not(_) | ConditionExpr::Selector { .. } => {
                Err("a correlation's expression has and, or and parentheses only: what has not come may yet"
                    .to_owned())
            }
        }
    }

    /// The fields that are grouped by, as this rule's events have them.
    fn group_fields(&self, rule: &str) -> Result<Vec<Field>, RuleError> {
        let own = |name: &String| {
            self.rule.aliases.get(name).and_then(|of_rules| of_rules.get(rule)).unwrap_or(name).clone()
        };
        self.rule
            .group_by
            .iter()
            .map(|name| Field::new(&own(name)).map_err(|reason| self.error("group-by", reason)))
            .collect()
    }

    fn values(&self, kind: Kind) -> Result<Vec<Field>, RuleError> {
        let names = match &self.rule.condition {
            CorrelationCondition::Threshold { field: Some(names), .. } => names.as_slice(),
            _ => &[],
        };
        let n_max = match kind {
            Kind::EventCount | Kind::Temporal | Kind::TemporalOrdered => 0,
            Kind::ValueCount => GROUP_FIELDS_MAX,
            Kind::Sum | Kind::Average | Kind::Percentile(_) => 1,
        };
        if names.len() > n_max || (n_max > 0 && names.is_empty()) {
            return Err(
                self.error("condition", format!("this kind of correlation counts {} field", n_max.min(1)))
            );
        }
        names.iter().map(|name| Field::new(name).map_err(|reason| self.error("condition", reason))).collect()
    }
}

/// Counts grow while events come, so one that is too small says nothing yet; one that is too large is never reached.
fn check_count(bounds: &[(Operator, f64)]) -> Result<(), String> {
    let least = bounds.iter().filter_map(|(operator, n)| match operator {
        Operator::Gt => Some(n + 1.0),
        Operator::Gte | Operator::Eq => Some(*n),
        Operator::Lt | Operator::Lte | Operator::Neq => None,
    });
    let least = least.fold(0.0, f64::max);
    if least < 1.0 {
        return Err("a count wants a lower bound of at least 1: more events may always come".to_owned());
    }
    if least > ENTRIES_PER_GROUP_MAX as f64 {
        return Err(format!("at most {ENTRIES_PER_GROUP_MAX} events of a group are counted"));
    }
    Ok(())
}

fn span_ms(rule: &sigma::Correlation) -> Option<i64> {
    let ms = i64::try_from(rule.timespan_s).ok()?.checked_mul(1_000)?;
    (1_000..=TIMESPAN_MS_MAX).contains(&ms).then_some(ms)
}

impl Correlation {
    /// What a match of one of its rules, given by its place in [`Rules::all`], adds to it. Nothing if the correlation is
    /// about other rules, or counts a field that the event does not have.
    pub fn hits(&self, rule: usize, subject: &Subject<'_>) -> Vec<Hit> {
        let steps = self.rules.iter().enumerate().filter(|(_, own)| **own == rule);
        steps.filter_map(|(step, _)| self.hit(step, subject)).collect()
    }

    fn hit(&self, step: usize, subject: &Subject<'_>) -> Option<Hit> {
        let event = subject.event;
        let group: Vec<String> =
            self.group_by[step].iter().map(|field| first(subject, field).unwrap_or_default()).collect();
        let values = self.values.iter().map(|field| first(subject, field)).collect::<Option<Vec<_>>>()?;
        let text = |column| event.row.str(column).to_owned();
        Some(Hit {
            step,
            time_ms: event.time_ms(),
            event: event.key,
            uid: event.uid().to_owned(),
            account: text(base::CLOUD_ACCOUNT_UID),
            region: text(base::CLOUD_REGION),
            key: group_key(&group),
            group,
            value: values.join("\0"),
        })
    }
}

/// The first value of a field.
fn first(subject: &Subject<'_>, field: &Field) -> Option<String> {
    let mut found = None;
    subject.any(field, &mut |seen| {
        found = match seen {
            Seen::Missing => None,
            Seen::Text(text) => Some(text.to_owned()),
            Seen::Object(object) => Some(object.compact().into_owned()),
        };
        found.is_some()
    });
    found
}
