//! Which shards can be read now: a child waits until all of its parents are read to their ends.

use super::Checkpoint;

/// A shard, as the stream lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) id: String,
    /// Of a split one, of a merge two.
    pub(crate) parents: Vec<String>,
    /// Whether it was split or merged: nothing is written to it any more.
    pub(crate) is_closed: bool,
}

/// The shards to begin with now: neither read to their ends, nor being read, nor behind a parent that is not at its
/// end. A parent that is no longer listed has lost its records to age, and nobody can wait for it.
pub(crate) fn ready<'l>(
    listed: &'l [Listed],
    checkpoint: &Checkpoint,
    is_read: impl Fn(&str) -> bool,
) -> Vec<&'l Listed> {
    let is_done = |parent: &str| checkpoint.is_ended(parent) || listed.iter().all(|shard| shard.id != parent);
    let waits = |shard: &Listed| shard.parents.iter().any(|parent| !is_done(parent));
    listed
        .iter()
        .filter(|shard| !checkpoint.is_ended(&shard.id) && !is_read(&shard.id) && !waits(shard))
        .collect()
}

/// Forgets shards that the stream has forgotten.
pub(crate) fn prune(listed: &[Listed], checkpoint: &mut Checkpoint) {
    checkpoint.shards.retain(|id, _| listed.iter().any(|shard| shard.id == *id));
}

#[cfg(test)]
mod tests {
    use super::{super::Place, *};
    use crate::stream::From;

    /// 0 was split into 1 and 2; 2 and 3 were merged into 4; 5 came of a shard that is gone.
    fn listed() -> Vec<Listed> {
        [("0", ""), ("1", "0"), ("2", "0"), ("3", ""), ("4", "23"), ("5", "9")]
            .map(|(id, parents)| Listed {
                id: id.to_owned(),
                parents: parents.chars().map(String::from).collect(),
                is_closed: false,
            })
            .into()
    }

    #[test]
    fn children_wait_for_all_parents() {
        for (ended, reading, expected) in [
            ("", "", "035"),
            ("", "03", "5"),
            ("0", "35", "12"),
            ("02", "1", "35"),
            ("023", "", "145"),
            ("012345", "", ""),
        ] {
            let mut checkpoint = Checkpoint::new(String::new(), From::TrimHorizon);
            ended.chars().for_each(|id| checkpoint.advance(&id.to_string(), Place::Ended));
            let listed = listed();
            let ready = ready(&listed, &checkpoint, |id| reading.contains(id));
            assert_eq!(ready.iter().map(|shard| shard.id.as_str()).collect::<String>(), expected, "{ended}");
        }
    }

    #[test]
    fn forgotten_shards_are_forgotten() {
        let mut checkpoint = Checkpoint::new(String::new(), From::TrimHorizon);
        ["0", "8"].into_iter().for_each(|id| checkpoint.advance(id, Place::Ended));
        prune(&listed(), &mut checkpoint);
        assert_eq!(checkpoint.shards.keys().collect::<Vec<_>>(), ["0"]);
    }
}
