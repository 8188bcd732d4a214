//! Functions of newer versions of glibc, bound to an older version of them, so that the program built on a newer
//! machine starts on a cluster with glibc 2.34 (RHEL 9). `scripts/wheel.py` names the glibc that a build needs.

// `hypotf` of PNG pictures, which glibc 2.35 made anew. Hidden: libtorch keeps its own.
#[cfg(all(target_arch = "x86_64", target_env = "gnu"))]
std::arch::global_asm!(
    ".symver compt_hypotf, hypotf@GLIBC_2.2.5",
    ".globl hypotf",
    ".hidden hypotf",
    ".type hypotf, @function",
    "hypotf:",
    "jmp *compt_hypotf@GOTPCREL(%rip)",
    ".size hypotf, . - hypotf",
    options(att_syntax)
);
