//! What EKS, ECS and ECR are told.

use super::{Fact, View, lists::network, members, network::is_narrow};

pub(super) const FACTS: &[Fact] = &[
    Fact::flag(
        "eks.endpoint_public",
        "a cluster's endpoint is open to the Internet, or to very much of it",
        endpoint_public,
    ),
    Fact::flag("eks.logging_off", "a kind of control-plane log of a cluster is turned off", |view| {
        let flags = members::each(view.request(), "logging.clusterLogging.enabled");
        is_cluster_change(view) && flags.into_iter().any(|flag| members::flag(flag) == Some(false))
    }),
    Fact::flag("eks.admin_granted", "somebody becomes an administrator of a cluster", admin_granted),
    Fact::flag("ecs.public_address", "tasks or services are started with public addresses", |view| {
        let operations = ["RunTask", "CreateService", "UpdateService", "StartTask"];
        let path = "networkConfiguration.awsvpcConfiguration.assignPublicIp";
        view.is("ecs", &operations) && view.asked_flag(path, true)
    }),
    Fact::flag("ecs.privileged", "a container gets all rights on its host, or the host's network", |view| {
        let flags = members::each(view.request(), "containerDefinitions.privileged");
        view.is("ecs", &["RegisterTaskDefinition"])
            && (flags.into_iter().any(|flag| members::flag(flag) == Some(true))
                || view.asked_text("networkMode") == "host")
    }),
    Fact::flag("ecs.exec_enabled", "commands can be run in containers from outside", |view| {
        view.is("ecs", &["RunTask", "CreateService", "UpdateService"])
            && view.asked_flag("enableExecuteCommand", true)
    }),
    Fact::flag("ecr.scan_off", "images are not scanned any more when they arrive", |view| {
        view.is("ecr", &["PutImageScanningConfiguration"])
            && view.asked_flag("imageScanningConfiguration.scanOnPush", false)
    }),
];

fn is_cluster_change(view: &View<'_>) -> bool {
    view.is("eks", &["CreateCluster", "UpdateClusterConfig"])
}

/// Public is the default of a new cluster, and the whole Internet is the default of public.
fn endpoint_public(view: &View<'_>) -> bool {
    if !is_cluster_change(view) {
        return false;
    }
    let asked = members::flag(view.asked("resourcesVpcConfig.endpointPublicAccess"));
    let cidrs = members::texts(view.request(), "resourcesVpcConfig.publicAccessCidrs");
    let are_wide = cidrs.iter().any(|cidr| network(cidr).is_some_and(|net| !is_narrow(&net)));
    match asked {
        Some(false) => false,
        Some(true) => cidrs.is_empty() || are_wide,
        None => are_wide || view.operation() == "CreateCluster" && cidrs.is_empty(),
    }
}

fn admin_granted(view: &View<'_>) -> bool {
    const POLICIES: &[&str] = &["AmazonEKSClusterAdminPolicy", "AmazonEKSAdminPolicy"];
    match (view.service(), view.operation()) {
        ("eks", "AssociateAccessPolicy") => {
            let arn = view.asked_text("policyArn");
            POLICIES.contains(&arn.rsplit(['/', '%']).next().map(trim_code).unwrap_or_default())
        }
        ("eks", "CreateAccessEntry" | "UpdateAccessEntry") => {
            members::texts(view.request(), "kubernetesGroups").iter().any(|group| group == "system:masters")
        }
        _ => false,
    }
}

/// EKS encodes ARNs in paths: what follows a `%` begins with the code of a slash.
fn trim_code(name: &str) -> &str {
    name.strip_prefix("2F").or_else(|| name.strip_prefix("2f")).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::*;
    use serde_json::{Value as Json, json};

    #[test]
    fn endpoints() {
        let update =
            |config: Json| call("eks", "UpdateClusterConfig", json!({ "resourcesVpcConfig": config }));
        let create = |config: Json| call("eks", "CreateCluster", json!({ "resourcesVpcConfig": config }));
        for (event, public) in [
            (update(json!({"endpointPublicAccess": true})), "true"),
            (update(json!({"endpointPublicAccess": true, "publicAccessCidrs": ["203.0.113.0/24"]})), "false"),
            (update(json!({"publicAccessCidrs": ["0.0.0.0/0"]})), "true"),
            (update(json!({"endpointPublicAccess": false})), "false"),
            (update(json!({})), "false"),
            (create(json!({"subnetIds": ["s"]})), "true"),
            (create(json!({"endpointPublicAccess": false})), "false"),
        ] {
            check(&event, &[("eks.endpoint_public", public)]);
        }
    }

    #[test]
    fn the_rest() {
        let policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy";
        let config = |assign: &str| json!({"networkConfiguration": {"awsvpcConfiguration": {"assignPublicIp": assign}}});
        let logging = |enabled: bool| json!({"logging": {"clusterLogging": [{"types": ["api", "audit"], "enabled": enabled}]}});
        for (service, operation, request, fact, value) in [
            ("eks", "AssociateAccessPolicy", json!({"policyArn": policy}), "eks.admin_granted", "true"),
            (
                "eks",
                "AssociateAccessPolicy",
                json!({"policyArn": policy.replace('/', "%2F")}),
                "eks.admin_granted",
                "true",
            ),
            (
                "eks",
                "AssociateAccessPolicy",
                json!({"policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"}),
                "eks.admin_granted",
                "false",
            ),
            (
                "eks",
                "CreateAccessEntry",
                json!({"kubernetesGroups": ["system:masters"]}),
                "eks.admin_granted",
                "true",
            ),
            ("eks", "UpdateClusterConfig", logging(false), "eks.logging_off", "true"),
            ("eks", "UpdateClusterConfig", logging(true), "eks.logging_off", "false"),
            ("ecs", "RunTask", config("ENABLED"), "ecs.public_address", "true"),
            ("ecs", "RunTask", config("DISABLED"), "ecs.public_address", "false"),
            (
                "ecs",
                "RegisterTaskDefinition",
                json!({"containerDefinitions": [{"name": "a"}, {"privileged": true}]}),
                "ecs.privileged",
                "true",
            ),
            ("ecs", "RegisterTaskDefinition", json!({"containerDefinitions": []}), "ecs.privileged", "false"),
            ("ecs", "UpdateService", json!({"enableExecuteCommand": true}), "ecs.exec_enabled", "true"),
            (
                "ecr",
                "PutImageScanningConfiguration",
                json!({"imageScanningConfiguration": {"scanOnPush": false}}),
                "ecr.scan_off",
                "true",
            ),
        ] {
            check(&call(service, operation, request), &[(fact, value)]);
        }
    }
}
