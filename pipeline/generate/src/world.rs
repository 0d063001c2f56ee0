//! The fleet whose traffic is made: accounts, regions, applications and identities.

pub(crate) mod identity;
mod user_agents;

use identity::Identity;

use crate::random::{Random, Weighted};

/// Account ids of the kind AWS uses in its documentation; the first are the busiest.
pub(crate) const ACCOUNTS: [&str; 25] = [
    "111122223333",
    "444455556666",
    "777788889999",
    "123456789012",
    "210987654321",
    "012345678901",
    "112233445566",
    "998877665544",
    "223344556677",
    "334455667788",
    "445566778899",
    "556677889900",
    "111111111111",
    "222222222222",
    "333333333333",
    "444444444444",
    "555555555555",
    "666666666666",
    "777777777777",
    "888888888888",
    "999999999999",
    "121212121212",
    "343434343434",
    "565656565656",
    "987654321098",
];

/// The account that owns the organisation's trail and its log group.
pub(crate) const MANAGEMENT_ACCOUNT: &str = ACCOUNTS[0];

/// Regions, the busiest first.
pub(crate) const REGIONS: [&str; 7] =
    ["us-east-1", "eu-west-1", "us-west-2", "eu-central-1", "ap-southeast-2", "ap-northeast-1", "sa-east-1"];

/// Where calls to services without a region are logged.
pub(crate) const GLOBAL_REGION: &str = "us-east-1";

/// Applications, from which buckets, functions, tables and roles take their names.
pub(crate) const APPS: [&str; 12] = [
    "checkout",
    "catalog",
    "telemetry",
    "billing",
    "search",
    "media",
    "identity",
    "ledger",
    "warehouse",
    "notify",
    "pricing",
    "risk",
];

/// The fleet, with the skew by which its parts are busy.
pub(crate) struct World {
    identities: Vec<Identity>,
    services: Vec<Identity>,
    by_identity: Weighted,
    by_service: Weighted,
    by_account: Weighted,
    by_region: Weighted,
}

impl World {
    /// The fleet of a seed.
    pub(crate) fn new(seed: u64) -> World {
        let mut random = Random::new(seed, "world");
        let by_account = Weighted::zipf(ACCOUNTS.len());
        let mut identities = identity::ordinary(&mut random, &by_account);
        // The busiest identities shall be of all kinds, not only of the kind that was made first.
        for place in (1..identities.len()).rev() {
            identities.swap(place, random.below(place as u64 + 1) as usize);
        }
        let services = identity::services();
        World {
            by_identity: Weighted::zipf(identities.len()),
            by_service: Weighted::zipf(services.len()),
            by_account,
            by_region: Weighted::zipf(REGIONS.len()),
            identities,
            services,
        }
    }

    /// A person, a role or a service-linked role, with its account.
    pub(crate) fn identity(&self, random: &mut Random) -> &Identity {
        &self.identities[self.by_identity.draw(random)]
    }

    /// An AWS service acting on its own.
    pub(crate) fn service(&self, random: &mut Random) -> &Identity {
        &self.services[self.by_service.draw(random)]
    }

    /// An account.
    pub(crate) fn account(&self, random: &mut Random) -> &'static str {
        ACCOUNTS[self.by_account.draw(random)]
    }

    /// A region.
    pub(crate) fn region(&self, random: &mut Random) -> &'static str {
        REGIONS[self.by_region.draw(random)]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_fleet_is_as_large_as_promised() {
        let world = World::new(7);
        let arns: HashSet<&str> = world.identities.iter().map(|identity| identity.arn.as_str()).collect();
        assert!(arns.len() > 200, "{}", arns.len());
        assert_eq!(HashSet::from(ACCOUNTS).len(), 25);
        assert!(ACCOUNTS.iter().all(|account| account.len() == 12));
    }
}
