//! A run: reading, processing and writing overlap, and bounded queues between them let a slow disk hold back reading.

use super::{
    Folder, Store, StoreError,
    alerts::Alerts,
    correlator::Correlator,
    findings,
    folder::FILES,
    joined,
    quarantine::{Quarantine, Redriven, copy_without},
    turns::Turns,
    write::Writer,
};
use crate::{
    batch::Piece,
    config::Config,
    lake::{DayRange, Lake},
    ledger::{Ledger, Records},
    process::{Seen, Stages},
    sink::Open,
    source::{Feed, Files, IsKnown, Reader},
    window::Window,
};
use kinescope_schemas::Id;
use kinescope_stages::{derive::Minutes, detect::Rules, parse::Settings};
use std::{
    collections::HashSet,
    fs, io,
    path::PathBuf,
    sync::{
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::sync_channel,
    },
    thread,
    time::Instant,
};

mod error;

pub use error::RunError;

/// Groups that wait between reading and processing.
const QUEUE_LEN: usize = 1;

/// What to read.
pub enum Input<'f> {
    /// Files.
    Files(Files),
    /// What a redrive found in the folder's own quarantine.
    Quarantined(Vec<Redriven>),
    /// What a feed hands out until it ends the run.
    Feed(&'f mut dyn Feed),
}

impl Input<'_> {
    /// Reads all of it.
    fn read(&mut self, reader: Reader<'_>) {
        // Whoever stopped taking groups reports why.
        let _ = match self {
            Input::Files(files) => reader.read(files),
            Input::Quarantined(entries) => reader.redrive(std::mem::take(entries)),
            Input::Feed(feed) => reader.feed(*feed),
        };
    }
}

/// A run's settings.
pub struct Run<'f> {
    /// What to read.
    pub input: Input<'f>,
    /// The output folder.
    pub out: PathBuf,
    /// The rules.
    pub rules: Rules,
    /// The configuration.
    pub config: Config,
    /// Its text, which is part of what makes a run the same run.
    pub config_text: String,
    /// Whether to leave out all but findings and alerts: the lake, metrics, notable events.
    pub only_findings: bool,
    /// Threads that process; 0 for one a core.
    pub n_threads: usize,
    /// The time of arrival, milliseconds since 1970.
    pub now_ms: i64,
}

/// How far a run is, for whoever shows it.
#[derive(Debug, Default)]
pub struct Status {
    /// Bytes read.
    pub n_bytes: AtomicU64,
    /// Events done.
    pub n_events: AtomicU64,
    /// Findings so far.
    pub n_findings: AtomicU64,
    /// Whether the run has ended.
    pub ended: AtomicBool,
}

/// What a run did.
#[derive(Debug)]
pub struct Report {
    /// The folder's ledger: of this run and of those before it.
    pub ledger: Ledger,
    /// Accepted events of this run by source and identity.
    pub seen: Seen,
    /// Whether there was nothing new to do.
    pub unchanged: bool,
    /// The rules that it ran with.
    pub rules: Rules,
    /// Samples of metrics whose dimensions fell into `other`.
    pub n_samples_other: u64,
    /// Matches that correlations had no place for.
    pub n_hits_dropped: u64,
}

/// Runs.
pub fn run(run: Run<'_>, status: &Status) -> Result<Report, RunError> {
    let result = Job::begin(run).and_then(|job| job.work(status));
    status.ended.store(true, Ordering::Relaxed);
    result
}

/// A run under way.
struct Job<'f> {
    run: Run<'f>,
    folder: Folder,
    /// The store as an earlier run published it.
    known: Option<Store>,
    earlier: Ledger,
    /// How far a feed had come by the runs before this one.
    checkpoint: Option<Vec<u8>>,
    /// Of a feed that ended the run, how far it has come.
    fed: Option<Option<Vec<u8>>>,
    /// Whether it tries the folder's own quarantine again.
    redrives: bool,
    /// Whether what an earlier run published is replaced, its settings being others.
    replace: bool,
    settings: String,
    id: String,
    began: Instant,
}

impl<'f> Job<'f> {
    fn begin(mut run: Run<'f>) -> Result<Job<'f>, RunError> {
        let began = Instant::now();
        let folder = Folder::open(&run.out)?;
        let published = folder.path("kinescope.db");
        let known = if published.exists() { Some(Store::open(&published)?) } else { None };
        let settings = run.settings_id().to_string();
        let checkpoint = folder.checkpoint()?;
        let mut replace = false;
        if let (Some(store), Input::Files(_) | Input::Feed(_)) = (&known, &run.input)
            && store.setting("settings")?.is_some_and(|theirs| theirs != settings)
        {
            replace = true;
            // What a stream brought cannot be read from files again.
            if checkpoint.is_some() || !run.covers(store)? {
                return Err(RunError::OtherSettings(run.out.display().to_string()));
            }
        }
        if let Input::Feed(feed) = &mut run.input {
            feed.begin(checkpoint.as_deref()).map_err(RunError::Feed)?;
        }
        let known = known.filter(|_| !replace);
        let earlier = if replace { Ledger::default() } else { earlier(&folder)? };
        // Every run that is published adds a record, so no two of a folder have the same id.
        let id = Id::of(&[b"run", settings.as_bytes(), &earlier.records.r#in.to_le_bytes()]).to_string()
            [..12]
            .to_owned();
        let redrives = matches!(run.input, Input::Quarantined(_));
        Ok(Job { run, folder, known, earlier, checkpoint, fed: None, redrives, replace, settings, id, began })
    }

    fn work(mut self, status: &Status) -> Result<Report, RunError> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(self.run.n_threads).build()?;
        let stages = self.stages()?;
        let window = self.window();
        let mut writer = self.writer(&stages.rules)?;
        let known = self.known.take().map(std::sync::Mutex::new);
        let is_known = known
            .as_ref()
            .map(|store| move |id: Id| store.lock().is_ok_and(|store| store.has_record(id).unwrap_or(false)));
        let (send_group, groups) = sync_channel::<Vec<Piece>>(QUEUE_LEN);
        let mut input = std::mem::replace(&mut self.run.input, Input::Quarantined(Vec::new()));
        thread::scope(|scope| {
            let input = &mut input;
            let is_known = is_known.as_ref().map(|is_known| is_known as &IsKnown<'_>);
            let reader = Reader::new(send_group, &status.n_bytes, is_known);
            scope.spawn(move || input.read(reader));
            let turns = Turns::new(groups, &stages, &window, &mut writer, status);
            pool.broadcast(|worker| turns.work(worker.index()));
            turns.end()
        })?;
        if let Input::Feed(feed) = input {
            self.fed = Some(feed.end().map_err(RunError::Feed)?);
        }
        self.finish(writer, stages, &window, status)
    }

    fn stages(&mut self) -> Result<Stages, RunError> {
        let rules = std::mem::replace(&mut self.run.rules, Rules::new(Vec::new()).unwrap_or_default());
        Ok(Stages {
            rules,
            limits: self.run.config.limits(),
            settings: Settings { only_findings: self.run.only_findings, ..self.run.config.settings()? },
            days: DayRange::until(self.run.now_ms),
        })
    }

    /// What earlier runs have seen.
    fn window(&self) -> Window {
        let kept = if self.replace { Vec::new() } else { fs::read(self.folder.window()).unwrap_or_default() };
        Window::of(kept.as_chunks::<16>().0.iter().map(|id| Id(*id)))
    }

    fn writer(&self, rules: &Rules) -> Result<Writer, RunError> {
        if !self.replace {
            self.folder.stage_copy("kinescope.db")?;
            self.folder.stage_copy("quarantine.jsonl")?;
        }
        let quarantine =
            Quarantine::create(&self.folder.staged("quarantine.jsonl")).map_err(file("quarantine.jsonl"))?;
        let lake = || Lake::new(&self.folder.staged_lake(), format!("part-{}", self.id));
        Ok(Writer {
            lake: (!self.run.only_findings).then(lake),
            store: Store::create(&self.folder.staged("kinescope.db"), self.id.clone())?,
            quarantine,
            correlator: Correlator::new(rules, self.folder.staging()),
            ledger: Ledger::default(),
            open: Open::default(),
            minutes: Minutes::default(),
            seen: Seen::default(),
            days: DayRange::until(self.run.now_ms),
            redrives: self.redrives,
            mended: HashSet::new(),
        })
    }

    /// Closes everything, checks the ledger, and publishes.
    fn finish(
        mut self,
        mut writer: Writer,
        stages: Stages,
        window: &Window,
        status: &Status,
    ) -> Result<Report, RunError> {
        let n_hits_dropped = writer.correlations()?;
        writer.minutes(true)?;
        let mut report = Report {
            ledger: writer.ledger,
            seen: writer.seen,
            unchanged: false,
            rules: stages.rules,
            n_samples_other: writer.minutes.n_samples_other,
            n_hits_dropped,
        };
        if self.is_unchanged(&report.ledger.records) {
            self.folder.clear()?;
            report.unchanged = true;
            report.ledger = self.earlier;
            return Ok(report);
        }
        writer.quarantine.finish().map_err(file("quarantine.jsonl"))?;
        if self.redrives {
            // What could be read at last leaves the quarantine; its lines are the records, in order.
            let (from, to) = (self.folder.path("quarantine.jsonl"), self.folder.staged("quarantine.jsonl"));
            copy_without(&from, &to, &writer.mended).map_err(file("quarantine.jsonl"))?;
        }
        let (lake, store) = (writer.lake, writer.store);
        store.set("settings", &self.settings)?;
        store.finish()?;
        let (n_findings, n_alerts) = self.read_back(lake, window)?;
        self.earlier.sinks.retain(|name, _| !matches!(name.as_str(), "findings" | "alerts"));
        report.ledger.seconds = self.began.elapsed().as_secs_f64();
        report.ledger.bytes_in = status.n_bytes.load(Ordering::Relaxed);
        report.ledger.add(&self.earlier);
        // These two files are written anew from the store, which has all findings.
        report.ledger.sink("findings", n_findings, 0);
        report.ledger.sink("alerts", n_alerts, 0);
        report.ledger.check()?;
        self.publish(&report.ledger)?;
        Ok(report)
    }

    /// Writes the files that are made from all of the store, beside the lake's last row groups and all else that is left to
    /// write; how many findings and alerts there are.
    fn read_back(&self, lake: Option<Lake>, window: &Window) -> Result<(u64, u64), RunError> {
        let (folder, alerts) = (&self.folder, &self.run.config.alerts);
        thread::scope(|scope| {
            let closing = scope.spawn(|| lake.map_or(Ok(()), Lake::finish));
            // Beside what only reads it: it takes longest.
            let syncing = scope.spawn(|| folder.sync("kinescope.db").map_err(file("kinescope.db")));
            let keeping = scope.spawn(|| {
                let ids: Vec<[u8; 16]> = window.ids().into_iter().map(|id| id.0).collect();
                fs::write(folder.staged("window"), ids.as_flattened()).map_err(file("the window of ids"))
            });
            let mut alerts =
                Alerts::create(&folder.staged("alerts.jsonl"), alerts).map_err(file("alerts.jsonl"))?;
            let store = Store::open(&folder.staged("kinescope.db"))?;
            let n_findings = findings::write(&store, &folder.staged("findings.jsonl"), &mut alerts)
                .map_err(file("findings.jsonl"))?;
            let n_alerts = alerts.finish().map_err(file("alerts.jsonl"))?;
            joined(closing)?;
            joined(syncing)?;
            joined(keeping)?;
            Ok((n_findings, n_alerts))
        })
    }

    /// Whether the run came to nothing that is not published already.
    fn is_unchanged(&self, new: &Records) -> bool {
        match &self.fed {
            Some(fed) => new.r#in == 0 && *fed == self.checkpoint && self.folder.path("ledger.json").exists(),
            None => self.earlier.records.r#in > 0 && new.r#in == new.duplicate && !self.redrives,
        }
    }

    fn publish(&self, ledger: &Ledger) -> Result<(), RunError> {
        let json = serde_json::to_vec_pretty(ledger).map_err(io::Error::from);
        json.and_then(|json| fs::write(self.folder.staged("ledger.json"), json))
            .map_err(file("ledger.json"))?;
        if let Some(Some(checkpoint)) = &self.fed {
            self.folder.stage_checkpoint(checkpoint)?;
        }
        FILES.iter().try_for_each(|name| self.folder.sync(name).map_err(file(name)))?;
        Ok(self.folder.publish(self.replace)?)
    }
}

/// Why a file of the output could not be written.
fn file(name: &'static str) -> impl Fn(io::Error) -> RunError {
    move |error| RunError::File(name, error)
}

/// The ledger that earlier runs published.
fn earlier(folder: &Folder) -> Result<Ledger, RunError> {
    let Ok(json) = fs::read(folder.path("ledger.json")) else { return Ok(Ledger::default()) };
    serde_json::from_slice(&json).map_err(|error| RunError::File("ledger.json", error.into()))
}

impl Run<'_> {
    /// Rules, configuration and what is left out: two runs that differ in these give different results.
    fn settings_id(&self) -> Id {
        // In one piece, of which BLAKE3 takes many blocks at a time: 3,000 texts one by one were an eighth of a start.
        let n_bytes = self.rules.texts().map(|text| size_of::<u32>() + text.len()).sum();
        let mut rules = Vec::with_capacity(n_bytes);
        for text in self.rules.texts() {
            rules.extend((text.len() as u32).to_le_bytes());
            rules.extend(text.as_bytes());
        }
        // The number is that of how files are told apart: a store that knows them by other ids is another's.
        let version = concat!(env!("CARGO_PKG_VERSION"), " 3").as_bytes();
        Id::of(&[version, self.config_text.as_bytes(), &[self.only_findings.into()], &rules])
    }

    /// Whether this run reads everything that the store's runs had read, so that replacing them loses nothing.
    fn covers(&self, store: &Store) -> Result<bool, StoreError> {
        let Input::Files(files) = &self.input else { return Ok(false) };
        let mut n_covered = 0i64;
        for path in files.paths() {
            let id = path.ok().and_then(|path| crate::source::file_id(&path).ok());
            n_covered += i64::from(id.map_or(Ok(false), |id| store.has_record(id))?);
        }
        Ok(n_covered >= store.n_records()?)
    }
}
