//! An operation of the background: a row of templates (see `template`).

/// A call that the background makes.
#[derive(Clone, Copy)]
pub(super) struct Op {
    /// How often it is made, against the others of its table.
    pub(super) weight: u64,
    pub(super) service: &'static str,
    pub(super) name: &'static str,
    /// JSON template.
    pub(super) params: &'static str,
    /// JSON template.
    pub(super) response: &'static str,
    /// JSON template; empty for none.
    pub(super) resources: &'static str,
    /// JSON template; empty for none.
    pub(super) additional: &'static str,
    pub(super) read_only: bool,
    pub(super) management: bool,
}

impl Op {
    /// A management call that reads.
    pub(super) const fn read(
        weight: u64,
        service: &'static str,
        name: &'static str,
        params: &'static str,
    ) -> Op {
        Op {
            weight,
            service,
            name,
            params,
            response: "null",
            resources: "",
            additional: "",
            read_only: true,
            management: true,
        }
    }

    /// A management call that writes.
    pub(super) const fn write(
        weight: u64,
        service: &'static str,
        name: &'static str,
        params: &'static str,
    ) -> Op {
        let mut op = Op::read(weight, service, name, params);
        op.read_only = false;
        op
    }

    /// The same as a data event.
    pub(super) const fn on_data(mut self) -> Op {
        self.management = false;
        self
    }

    pub(super) const fn answers(mut self, response: &'static str) -> Op {
        self.response = response;
        self
    }

    pub(super) const fn on(mut self, resources: &'static str) -> Op {
        self.resources = resources;
        self
    }

    pub(super) const fn with(mut self, additional: &'static str) -> Op {
        self.additional = additional;
        self
    }

    /// Services without regions log in one region, under a host without region.
    pub(super) fn is_global(&self) -> bool {
        matches!(self.service, "iam" | "organizations" | "health" | "ce" | "route53")
    }
}
