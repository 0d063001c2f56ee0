//! Facts: what code sees in an event that comparing text cannot, under names that rules use as fields.
//!
//! Sigma cannot know that `208.236.235.254/0` is the whole Internet, or what a policy document in a string grants. So
//! a fact is a pure function of the event and of the user's [`Lists`], and a rule judges on facts and raw fields
//! alike:
//!
//! ```yaml
//! detection:
//!   selection:
//!     fact.call.succeeded: true
//!     fact.network.open_admin_ports: '*'
//! ```
//!
//! A name is `fact.<subject>.<what>`, in snake_case; the subject is a service, or a question of its own: `call`,
//! `actor`, `target`, `network`, `policy`, `share`, `data`. `kinescope rules facts` lists them all. There are three kinds:
//! a *flag* is `true` or `false` on every event, and is named for the state worth noticing; a *text* fact has any
//! number of values, and matches when one of them does; a *number* compares by `|gte` and its kin. A text or number
//! that an event says nothing about is missing, as `null` in a rule. A rule that asks for a fact that there is not
//! does not load.
//!
//! Facts say what was *asked for*, whether or not the call succeeded: `fact.call.succeeded` tells that. They are
//! worked out only when a candidate rule asks, and what several of them share, once an event; so a rule still names
//! the service and the operation, by which the index finds it. What an attacker wrote can make facts wrong, never make
//! them fail: what cannot be read has a fact of its own, `fact.policy.unreadable`.

use std::{borrow::Cow, rc::Rc};

mod lists;
mod members;
mod view;

mod actor;
mod call;
mod containers;
mod data;
mod defences;
mod ec2;
mod elb;
mod iam;
mod lambda;
mod network;
mod policy;
mod rds;
mod s3;
mod share;
mod target;
mod trail;

pub use lists::{LIST_ENTRIES_MAX, Lists, ListsError};
pub use view::View;

/// What fields of facts begin with.
pub const PREFIX: &str = "fact.";

/// Values that one fact gives at most. The documents that values come from have limits far below it.
pub const VALUES_MAX: usize = 1_000;

/// A value of a fact.
pub type Text = Cow<'static, str>;

/// A fact: its name, its meaning, and the function that tells it.
#[derive(Debug)]
pub struct Fact {
    /// The name, without [`PREFIX`]: `network.open_ports`.
    pub name: &'static str,
    /// What it means when it holds, in one line.
    pub about: &'static str,
    /// The function.
    of: Of,
}

/// How a fact is told.
#[derive(Clone, Copy, Debug)]
enum Of {
    Flag(fn(&View<'_>) -> bool),
    Number(fn(&View<'_>) -> Option<u64>),
    Texts(fn(&View<'_>) -> Vec<Text>),
}

impl Fact {
    /// A fact that is true or false.
    const fn flag(name: &'static str, about: &'static str, of: fn(&View<'_>) -> bool) -> Fact {
        Fact { name, about, of: Of::Flag(of) }
    }

    /// A fact that counts something.
    const fn number(name: &'static str, about: &'static str, of: fn(&View<'_>) -> Option<u64>) -> Fact {
        Fact { name, about, of: Of::Number(of) }
    }

    /// A fact that names things.
    const fn texts(name: &'static str, about: &'static str, of: fn(&View<'_>) -> Vec<Text>) -> Fact {
        Fact { name, about, of: Of::Texts(of) }
    }

    /// What kind of values it has: flag, number or text.
    pub fn kind(&self) -> &'static str {
        match self.of {
            Of::Flag(_) => "flag",
            Of::Number(_) => "number",
            Of::Texts(_) => "text",
        }
    }

    /// What it says of an event.
    pub fn tell(&self, view: &View<'_>) -> Told {
        let mut values: Vec<Text> = match self.of {
            Of::Flag(of) => return Told::Flag(of(view)),
            Of::Number(of) => of(view).map(|n| n.to_string().into()).into_iter().collect(),
            Of::Texts(of) => of(view),
        };
        if values.len() > 1 {
            let mut seen = std::collections::HashSet::new();
            values.retain(|value| seen.insert(value.clone()));
            values.truncate(VALUES_MAX);
        }
        Told::Values(values.into())
    }
}

/// What a fact says of an event.
#[derive(Clone, Debug)]
pub enum Told {
    /// Of a flag.
    Flag(bool),
    /// Of others: values, each once; none if it says nothing about it.
    Values(Rc<[Text]>),
}

impl Told {
    /// The values.
    pub fn values(&self) -> &[Text] {
        const TRUE: &[Text] = &[Cow::Borrowed("true")];
        const FALSE: &[Text] = &[Cow::Borrowed("false")];
        match self {
            Told::Flag(true) => TRUE,
            Told::Flag(false) => FALSE,
            Told::Values(values) => values,
        }
    }

    /// Whether it says something: a flag that is true, or any value.
    pub fn holds(&self) -> bool {
        match self {
            Told::Flag(holds) => *holds,
            Told::Values(values) => !values.is_empty(),
        }
    }
}

/// The facts of every module.
const MODULES: &[&[Fact]] = &[
    call::FACTS,
    actor::FACTS,
    target::FACTS,
    network::FACTS,
    network::flow::FACTS,
    policy::FACTS,
    share::FACTS,
    s3::FACTS,
    ec2::FACTS,
    rds::FACTS,
    lambda::FACTS,
    elb::FACTS,
    trail::FACTS,
    iam::FACTS,
    data::FACTS,
    containers::FACTS,
    defences::FACTS,
];

/// All facts, in the order of their modules.
pub fn all() -> impl Iterator<Item = &'static Fact> {
    MODULES.iter().copied().flatten()
}

/// The fact that a rule's field names: `fact.network.open_ports`. `None` if there is no such fact.
pub fn named(field: &str) -> Option<&'static Fact> {
    let name = field.strip_prefix(PREFIX)?;
    all().find(|fact| fact.name == name)
}

/// The facts that say something about an event, with their values: flags that are true, and all others that have any.
pub fn holding(view: &View<'_>) -> Vec<(&'static Fact, Told)> {
    all().map(|fact| (fact, fact.tell(view))).filter(|(_, told)| told.holds()).collect()
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
