//! A Slurm of one node, this machine, as long as the value lives.

use super::{apart, skipped};
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub struct Cluster(TempDir);

const PROGRAMS: [&str; 6] = ["munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol"];

impl Cluster {
    /// None, said aloud, where it cannot be had.
    pub fn start() -> Option<Cluster> {
        // SAFETY: a plain system call.
        if unsafe { libc::getuid() } != 0 {
            skipped("a Slurm of one's own needs root");
            return None;
        }
        let is_there = |program: &&str| {
            ["/usr/sbin", "/usr/bin"].iter().any(|folder| Path::new(folder).join(program).exists())
        };
        if let Some(missing) = PROGRAMS.iter().find(|program| !is_there(program)) {
            skipped(&format!(
                "there is no {missing}; Debian has slurmctld, slurmd, slurm-client, munge"
            ));
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &str, mode: u32| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap()
        };
        fs::create_dir(at("munge")).unwrap();
        [at(""), at("munge")].iter().for_each(|folder| mode(folder, 0o755));
        let key: Vec<u8> = (0..1024u32).map(|i| (i * 7919 % 251) as u8).collect();
        fs::write(at("munge.key"), key).unwrap();
        mode(&at("munge.key"), 0o400);
        let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
        let host = host.trim().split('.').next().unwrap().to_string();
        let ports: Vec<TcpListener> =
            (0..2).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let port = |i: usize| ports[i].local_addr().unwrap().port();
        let (controller, node) = (port(0), port(1));
        let config = format!(
            "ClusterName=test\nSlurmctldHost={host}(127.0.0.1)\nSlurmUser=root\nSlurmdUser=root\n\
             AuthType=auth/munge\nAuthInfo=socket={munge}\nStateSaveLocation={state}\n\
             SlurmdSpoolDir={spool}\nSlurmctldPidFile={controller_pid}\nSlurmdPidFile={node_pid}\n\
             SlurmctldLogFile={log}\nSlurmdLogFile={log}d\nSlurmctldPort={controller}\n\
             SlurmdPort={node}\nProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\n\
             SelectType=select/cons_tres\nSelectTypeParameters=CR_Core\n\
             JobAcctGatherType=jobacct_gather/none\nAccountingStorageType=accounting_storage/none\n\
             MpiDefault=none\nReturnToService=2\nKillWait=5\n\
             NodeName={host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN\n\
             PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP\n",
            munge = at("munge/socket"),
            state = at("state"),
            spool = at("spool"),
            controller_pid = at("slurmctld.pid"),
            node_pid = at("slurmd.pid"),
            log = at("slurm.log"),
        );
        fs::write(at("slurm.conf"), config).unwrap();
        drop(ports);
        let cluster = Cluster(folder);
        let socket = format!("--socket={}", cluster.at("munge/socket"));
        let files = [
            "key-file=munge.key",
            "pid-file=munged.pid",
            "log-file=munge.log",
            "seed-file=munge.seed",
        ];
        let mut munged = Command::new("munged");
        munged.args(["--force", &socket]);
        for file in files {
            let (option, name) = file.split_once('=').unwrap();
            munged.arg(format!("--{option}={}", cluster.at(name)));
        }
        let conf = cluster.at("slurm.conf");
        for mut command in [
            munged,
            made("slurmctld", &["-i", "-f", &conf]),
            made("slurmd", &["-N", &host, "-f", &conf]),
        ] {
            let output = cluster.with(&mut command).output().unwrap();
            if !output.status.success() {
                let said = String::from_utf8_lossy(&output.stderr).into_owned();
                skipped(&format!("{command:?} does not start: {said}"));
                return None;
            }
        }
        let idle = || cluster.told("sinfo", &["-h", "-o", "%T"]).contains("idle");
        if !cluster.in_time(idle) {
            skipped(&format!("the node does not come up: {}", cluster.told("sinfo", &[])));
            return None;
        }
        Some(cluster)
    }

    fn at(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    /// A command that finds this cluster.
    pub fn with<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env("SLURM_CONF", self.at("slurm.conf"))
    }

    pub fn output(&self, program: &str, arguments: &[&str]) -> Output {
        self.with(&mut made(program, arguments)).output().unwrap()
    }

    pub fn told(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.output(program, arguments);
        String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr)
    }

    /// Whether something becomes true within two minutes.
    pub fn in_time(&self, is: impl Fn() -> bool) -> bool {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(120) {
            if is() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        false
    }

    /// Waits until no job is left in the queue.
    pub fn settle(&self) {
        let empty = || self.told("squeue", &["-h"]).trim().is_empty();
        assert!(self.in_time(empty), "{}", self.told("squeue", &[]));
    }
}

fn made(program: &str, arguments: &[&str]) -> Command {
    let mut command = apart(program);
    let path = std::env::var("PATH").unwrap_or_default();
    command.args(arguments).env("PATH", format!("{path}:/usr/sbin:/usr/bin"));
    command
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.told("scancel", &["--me", "--full", "-s", "KILL"]);
        for name in ["slurmd.pid", "slurmctld.pid", "munged.pid"] {
            let pid =
                fs::read_to_string(self.at(name)).ok().and_then(|text| text.trim().parse().ok());
            if let Some(pid) = pid {
                // SAFETY: a plain system call.
                unsafe { libc::kill(pid, libc::SIGTERM) };
            }
        }
    }
}
