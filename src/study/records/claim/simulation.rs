//! Thousands of processes on the hosts of a cluster work on one list of cells. They are killed at any
//! point between two file operations and restarted. The network file system shows files and their contents
//! late, with a different delay on each host. Some hosts are considered lost while their processes continue.
//! No cell may be lost, completed twice, or worked on by two processes at once.

use super::log::{Event, Files, Seen, Taken, end, take};
use crate::Result;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// In turns: each process performs one operation per turn.
type Time = u64;

#[derive(Clone, Copy)]
struct Size {
    processes: usize,
    hosts: usize,
    cells: usize,
    /// Cells in the list of one process.
    each: usize,
    kills: usize,
}

/// The maximum visibility delay of a host.
const LATE: Time = 40_000;
const WRITING: Time = 3 * LATE;
/// The delay until the queue reports that a process is dead.
const TOLD: Time = 5_000;

/// The number of a process, which is never reused.
type Pid = usize;

struct Process {
    host: usize,
    /// When the process was killed.
    gone: Option<Time>,
    /// When its host was considered lost, if that was earlier.
    lost: Option<Time>,
}

struct Record {
    made: Time,
    by: usize,
    said: Option<(Time, Event<Pid>)>,
}

struct World {
    now: Time,
    random: ChaCha8Rng,
    processes: Vec<Process>,
    /// By cell and number.
    files: HashMap<(usize, u32), Record>,
    working: HashMap<usize, Vec<Pid>>,
    finished: Vec<usize>,
    taken_over: usize,
    /// Breaks the protocol on purpose: files can be created twice.
    broken: bool,
}

impl World {
    /// The delay until a host sees another host's file. It is the same for every read.
    fn late(&self, host: usize, cell: usize, number: u32, by: usize) -> Time {
        let mixed = (host as u64 * 7919 + cell as u64 * 104_729 + u64::from(number) * 1_299_709)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15);
        if host == by { 0 } else { (mixed >> 32) % LATE }
    }

    fn is_gone(&self, pid: Pid) -> bool {
        let process = &self.processes[pid];
        process.gone.is_some_and(|at| at + TOLD < self.now) || process.lost.is_some()
    }
}

type Shared = Rc<RefCell<World>>;

/// What a process sees of one cell's log.
struct View {
    world: Shared,
    host: usize,
    cell: usize,
}

impl Files for View {
    type Who = Pid;
    type Time = Time;

    async fn read(&self, number: u32) -> Result<Seen<Pid>> {
        turn().await;
        let world = self.world.borrow();
        let Some(record) = world.files.get(&(self.cell, number)) else { return Ok(Seen::Nothing) };
        let late = world.late(self.host, self.cell, number, record.by);
        Ok(match &record.said {
            _ if record.made + late > world.now => Seen::Nothing,
            Some((at, event)) if at + late <= world.now => Seen::Whole(event.clone()),
            _ if record.made + WRITING < world.now => Seen::TornLongAgo,
            _ => Seen::Torn,
        })
    }

    async fn create(&self, number: u32) -> Result<Option<Time>> {
        turn().await;
        let mut world = self.world.borrow_mut();
        let key = (self.cell, number);
        if world.files.contains_key(&key) && !world.broken {
            return Ok(None);
        }
        let record = Record { made: world.now, by: self.host, said: None };
        world.files.insert(key, record);
        Ok(Some(world.now))
    }

    async fn write(&self, number: u32, made: Time, event: &Event<Pid>) -> Result<bool> {
        turn().await;
        let mut world = self.world.borrow_mut();
        let now = world.now;
        let record = world.files.get_mut(&(self.cell, number)).expect("it was made");
        record.said = Some((now, event.clone()));
        Ok(now - made < WRITING / 2)
    }
}

/// Yields to the other processes.
async fn turn() {
    let mut waited = false;
    std::future::poll_fn(move |_| match std::mem::replace(&mut waited, true) {
        true => Poll::Ready(()),
        false => Poll::Pending,
    })
    .await
}

async fn wait(world: &Shared, least: Time, most: Time) {
    let until = {
        let mut world = world.borrow_mut();
        world.now + world.random.random_range(least..most)
    };
    while world.borrow().now < until {
        turn().await;
    }
}

/// One process: claims cells until all its cells are complete.
async fn process(world: Shared, me: Pid, mut cells: Vec<usize>) {
    let host = world.borrow().processes[me].host;
    while !cells.is_empty() {
        let mut left = Vec::new();
        for cell in cells {
            let view = View { world: world.clone(), host, cell };
            let is_gone = |pid: &Pid| world.borrow().is_gone(*pid);
            match take(&view, &me, is_gone).await.unwrap() {
                Taken::Finished => {}
                Taken::Held => left.push(cell),
                Taken::Mine(number) => {
                    begin(&world, cell, me, number);
                    wait(&world, 1_000, 30_000).await;
                    let fails = world.borrow_mut().random.random_bool(0.1);
                    world.borrow_mut().working.entry(cell).or_default().retain(|pid| *pid != me);
                    let event = if fails { Event::Released } else { Event::Finished };
                    let own = end(&view, number, event).await.unwrap();
                    if own && !fails {
                        world.borrow_mut().finished[cell] += 1;
                    } else {
                        left.push(cell);
                    }
                }
            }
        }
        cells = left;
        wait(&world, 1, 5_000).await;
    }
}

fn begin(world: &Shared, cell: usize, me: Pid, number: u32) {
    let mut world = world.borrow_mut();
    world.taken_over += usize::from(number > 1);
    let World { working, processes, .. } = &mut *world;
    let at_work = working.entry(cell).or_default();
    at_work.retain(|pid| processes[*pid].gone.is_none());
    // On a host that is considered lost, processes may continue; their completion does not count.
    let others = at_work.iter().filter(|pid| processes[**pid].lost.is_none());
    assert_eq!(others.count(), 0, "cell {cell} is worked on by two");
    at_work.push(me);
}

struct Running {
    pid: Pid,
    cells: Vec<usize>,
    future: Pin<Box<dyn Future<Output = ()>>>,
}

/// Runs until every process has seen all its cells completed.
fn simulate(seed: u64, size: Size, broken: bool) -> usize {
    let world = Rc::new(RefCell::new(World {
        now: 0,
        random: ChaCha8Rng::seed_from_u64(seed),
        processes: Vec::new(),
        files: HashMap::new(),
        working: HashMap::new(),
        finished: vec![0; size.cells],
        taken_over: 0,
        broken,
    }));
    let start = |cells: Vec<usize>| {
        let pid = {
            let mut world = world.borrow_mut();
            let host = world.random.random_range(0..size.hosts);
            world.processes.push(Process { host, gone: None, lost: None });
            world.processes.len() - 1
        };
        let future = Box::pin(process(world.clone(), pid, cells.clone()));
        Running { pid, cells, future }
    };
    // Several arrays share one plan: each cell is in the lists of several processes.
    let each = size.each.min(size.cells);
    let first = |i: usize| (0..each).map(|j| (i * each + j) % size.cells).collect::<Vec<_>>();
    let mut running: Vec<Running> = (0..size.processes).map(|i| start(first(i))).collect();
    let mut kills = size.kills;
    while !running.is_empty() {
        let (i, strike) = {
            let mut world = world.borrow_mut();
            world.now += 1;
            assert!(world.now < 1_000_000_000, "some cell is lost");
            let World { random, .. } = &mut *world;
            (random.random_range(0..running.len()), kills > 0 && random.random_bool(0.01))
        };
        if strike {
            kills -= 1;
            let mut world = world.borrow_mut();
            let now = world.now;
            let pid = running[i].pid;
            let cells = running[i].cells.clone();
            // A tenth continues on a host that the queue considers lost.
            if world.random.random_bool(0.1) {
                world.processes[pid].lost = Some(now);
                drop(world);
            } else {
                world.processes[pid].gone = Some(now);
                drop(world);
                running.swap_remove(i);
            }
            running.push(start(cells));
            continue;
        }
        let mut context = Context::from_waker(Waker::noop());
        if running[i].future.as_mut().poll(&mut context).is_ready() {
            running.swap_remove(i);
        }
    }
    let world = world.borrow();
    for (cell, finished) in world.finished.iter().enumerate() {
        assert!(*finished <= 1, "cell {cell} was finished {finished} times");
    }
    assert!(kills < size.kills / 2, "{kills} of {} were not killed", size.kills);
    let ended: HashSet<usize> = world
        .files
        .iter()
        .filter(|(_, record)| matches!(record.said, Some((_, Event::Finished))))
        .map(|((cell, _), _)| *cell)
        .collect();
    assert_eq!(ended.len(), size.cells, "some cell is lost");
    world.taken_over
}

fn size() -> Size {
    let asked = std::env::var("COMPT_CLAIMANTS").ok().and_then(|text| text.parse().ok());
    let processes: usize = asked.unwrap_or(2000);
    Size { processes, hosts: processes / 8, cells: processes / 2, each: 16, kills: processes }
}

#[test]
fn thousands_of_processes_lose_no_cell_and_finish_none_twice() {
    for seed in 0..4 {
        let taken_over = simulate(seed, size(), false);
        println!(
            "seed {seed}: {} processes, {taken_over} claims after another's",
            size().processes
        );
        assert!(taken_over > size().cells / 8, "{taken_over}");
    }
}

#[test]
fn a_disk_that_makes_a_file_twice_is_found_out() {
    let done = std::panic::catch_unwind(|| simulate(0, size(), true));
    assert!(done.is_err());
}
