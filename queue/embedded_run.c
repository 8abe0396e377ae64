/* SPDX-License-Identifier: EUPL-1.2 */
#include "queue/embedded_run.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define PACKAGES    "/usr/lib/postgresql"
#define VERSION_MIN 14
#define DISK_MIN    (32ULL << 20) /* initdb alone writes 40 MB */

/* ---- programs ----------------------------------------------------------------------------- */

static bool has_programs(const char *dir)
{
    char path[CORV_PG_PATH];

    (void)snprintf(path, sizeof path, "%.500s/initdb", dir);
    if (access(path, X_OK) != 0)
        return false;
    (void)snprintf(path, sizeof path, "%.500s/postgres", dir);
    return access(path, X_OK) == 0;
}

/* Major version that made the cluster, 0 when there is none yet. */
static int cluster_version(const struct corv_pg_home *h)
{
    char path[CORV_PG_PATH + 32];
    char text[16] = "";
    FILE *f;

    (void)snprintf(path, sizeof path, "%s/PG_VERSION", h->data);
    f = fopen(path, "re");
    if (!f)
        return 0;
    if (!fgets(text, sizeof text, f))
        text[0] = '\0';
    (void)fclose(f);
    return (int)strtol(text, NULL, 10);
}

static int newest_package(void)
{
    DIR *d = opendir(PACKAGES);
    int newest = 0;

    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
        char bin[300];
        int version = (int)strtol(e->d_name, NULL, 10);

        (void)snprintf(bin, sizeof bin, PACKAGES "/%s/bin", e->d_name);
        if (version >= VERSION_MIN && version > newest && has_programs(bin))
            newest = version;
    }
    if (d)
        (void)closedir(d);
    return newest;
}

static bool find_in_path(char *out, size_t size)
{
    const char *path = getenv("PATH");

    while (path && *path) {
        size_t n = strcspn(path, ":");

        (void)snprintf(out, size, "%.*s", (int)n, path);
        if (out[0] == '/' && has_programs(out))
            return true;
        path += n + (path[n] == ':');
    }
    return false;
}

corv_rc corv_pg_run_find_bin(
    const struct corv_pg_home *h, char *out, size_t size, struct corv_fault *fault)
{
    const char *set = getenv("CORV_PG_BIN");
    int made_by = cluster_version(h);
    int version = made_by ? made_by : newest_package();

    if (set && *set) {
        (void)snprintf(out, size, "%s", set);
        if (has_programs(out))
            return CORV_OK;
        return CORV_FAIL(fault, CORV_E_NOTFOUND, CORV_FAULT_SETTINGS, "store.no-postgres",
            "CORV_PG_BIN wijst naar een map zonder initdb en postgres.");
    }
    (void)snprintf(out, size, PACKAGES "/%d/bin", version);
    if (version && has_programs(out))
        return CORV_OK;
    if (find_in_path(out, size)) /* the wrong version says so itself in its log */
        return CORV_OK;
    if (made_by)
        return CORV_FAIL(fault, CORV_E_NOTFOUND, CORV_FAULT_SETTINGS, "store.no-postgres",
            "De database is gemaakt met PostgreSQL %d, maar die staat niet op deze machine. "
            "Installeer het pakket postgresql-%d.",
            made_by, made_by);
    return CORV_FAIL(fault, CORV_E_NOTFOUND, CORV_FAULT_SETTINGS, "store.no-postgres",
        "PostgreSQL 14 of nieuwer staat niet op deze machine. Installeer het pakket postgresql "
        "of zet 'database' op een server.");
}

/* ---- starting ----------------------------------------------------------------------------- */

static void become_owner(const struct corv_pg_owner *o)
{
    if (!o->other)
        return;
    if (setgroups((size_t)o->groups_count, o->groups) != 0 || setgid(o->gid) != 0 ||
        setuid(o->uid) != 0)
        _exit(CORV_PG_RUN_NO_USER);
}

__attribute__((noreturn)) static void child(
    const struct corv_pg_home *h, const char *const *argv, int log)
{
    static const char *const env[] = {
        "LC_ALL=C", "TZ=UTC", "PATH=/usr/bin:/bin", "HOME=/", "PG_COLOR=never", NULL};
    sigset_t none;
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

    (void)setsid(); /* Ctrl-C at the daemon's terminal is not for the server */
    for (int sig = 1; sig < NSIG; sig++)
        (void)signal(sig, SIG_DFL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (null < 0 || dup2(null, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0)
        _exit(CORV_PG_RUN_NO_EXEC);
    (void)close_range(3, ~0U, 0);
    (void)umask(0077);
    become_owner(&h->owner);
    if (chdir(h->root) != 0 || access(h->log, W_OK | X_OK) != 0)
        _exit(CORV_PG_RUN_NO_FOLDER);
    (void)execve(argv[0], (char *const *)argv, (char *const *)env);
    _exit(CORV_PG_RUN_NO_EXEC);
}

corv_rc corv_pg_run_spawn(
    const struct corv_pg_home *h, const char *const *argv, pid_t *pid, struct corv_fault *fault)
{
    int log =
        open(h->start_log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (log < 0)
        return corv_pg_home_fault(errno, h->start_log, fault);
    *pid = fork();
    if (*pid == 0)
        child(h, argv, log);
    (void)close(log);
    if (*pid < 0)
        return CORV_FAIL(fault, CORV_E_IO, CORV_FAULT_STORE, "store.fork",
            "Er kan geen proces voor PostgreSQL worden gestart. Kijk naar geheugen en ulimit -u.");
    return CORV_OK;
}

/* ---- is it alive -------------------------------------------------------------------------- */

struct pid_file {
    pid_t pid;
    long shared_memory; /* System V id, -1 unknown */
};

static bool read_pid_file(const struct corv_pg_home *h, struct pid_file *out)
{
    char path[CORV_PG_PATH + 32];
    char line[CORV_PG_PATH + 300];
    FILE *f;

    *out = (struct pid_file){0, -1};
    (void)snprintf(path, sizeof path, "%s/postmaster.pid", h->data);
    f = fopen(path, "re");
    if (!f)
        return false;
    for (int n = 1; n <= 7 && fgets(line, sizeof line, f); n++) {
        char *end = line;

        if (n == 1)
            out->pid = (pid_t)strtol(line, NULL, 10);
        if (n == 7 && strtoul(line, &end, 10) && *end == ' ')
            out->shared_memory = strtol(end, NULL, 10);
    }
    (void)fclose(f);
    return out->pid > 1;
}

/* The command line is readable for everyone, also without CAP_SYS_PTRACE in a container. */
static bool serves(pid_t pid, const char *data)
{
    char path[64];
    char args[4096];
    size_t n = 0;
    FILE *f;

    (void)snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
    f = fopen(path, "re");
    if (!f)
        return false;
    n = fread(args, 1, sizeof args - 1, f);
    (void)fclose(f);
    args[n] = '\0';
    for (const char *p = args; p < args + n; p += strlen(p) + 1)
        if (strcmp(p, "-D") == 0 && p + 3 < args + n && strcmp(p + 3, data) == 0)
            return true;
    return false; /* a zombie has no arguments either */
}

pid_t corv_pg_run_server(const struct corv_pg_home *h)
{
    struct pid_file file;

    return read_pid_file(h, &file) && serves(file.pid, h->data) ? file.pid : 0;
}

static bool memory_in_use(long id)
{
    FILE *f = fopen("/proc/sysvipc/shm", "re");
    char line[512];
    bool used = false;

    while (f && fgets(line, sizeof line, f)) {
        char *p = line;
        long column[7] = {0}; /* key shmid perms size cpid lpid nattch */

        for (int i = 0; i < 7; i++)
            column[i] = strtol(p, &p, 10);
        if (column[1] == id && column[6] > 0)
            used = true;
    }
    if (f)
        (void)fclose(f);
    return used;
}

corv_rc corv_pg_run_clean(const struct corv_pg_home *h)
{
    char path[CORV_PG_PATH + 32];
    struct pid_file file;

    if (!read_pid_file(h, &file))
        return CORV_OK;
    if (serves(file.pid, h->data))
        return CORV_E_STATE;
    if (kill(file.pid, 0) != 0 && errno == ESRCH)
        return CORV_OK; /* PostgreSQL removes this one itself */
    if (file.shared_memory >= 0 && memory_in_use(file.shared_memory))
        return CORV_AGAIN;
    (void)snprintf(path, sizeof path, "%s/postmaster.pid", h->data);
    return unlink(path) == 0 || errno == ENOENT ? CORV_OK : CORV_E_IO;
}

/* ---- why it did not come up --------------------------------------------------------------- */

static void newest_log(const struct corv_pg_home *h, char *out, size_t size)
{
    DIR *d = opendir(h->log);
    struct timespec newest = {0};

    out[0] = '\0';
    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
        char path[CORV_PG_PATH + 300];
        struct stat st;

        (void)snprintf(path, sizeof path, "%s/%s", h->log, e->d_name);
        if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode))
            continue;
        if (st.st_mtim.tv_sec < newest.tv_sec ||
            (st.st_mtim.tv_sec == newest.tv_sec && st.st_mtim.tv_nsec < newest.tv_nsec))
            continue;
        newest = st.st_mtim;
        (void)snprintf(out, size, "%s", path);
    }
    if (d)
        (void)closedir(d);
}

void corv_pg_run_log_mark(const struct corv_pg_home *h, struct corv_pg_log_mark *mark)
{
    struct stat st;

    newest_log(h, mark->path, sizeof mark->path);
    mark->size = mark->path[0] && stat(mark->path, &st) == 0 ? (long)st.st_size : 0;
}

static size_t read_from(const char *path, long offset, char *out, size_t size)
{
    FILE *f = fopen(path, "re");
    size_t n = 0;

    if (f && fseek(f, offset, SEEK_SET) == 0)
        n = fread(out, 1, size - 1, f);
    if (f)
        (void)fclose(f);
    out[n] = '\0';
    for (size_t i = 0; i < n; i++)
        if (!out[i])
            out[i] = ' ';
    return n;
}

static void read_words(
    const struct corv_pg_home *h, const struct corv_pg_log_mark *from, char *out, size_t size)
{
    char path[CORV_PG_PATH + 300];
    size_t n = read_from(h->start_log, 0, out, size / 2);

    newest_log(h, path, sizeof path);
    if (path[0])
        (void)read_from(path, strcmp(path, from->path) == 0 ? from->size : 0, out + n, size - n);
}

static bool disk_full(const struct corv_pg_home *h)
{
    struct statvfs fs;

    return statvfs(h->root, &fs) == 0 && (unsigned long long)fs.f_bavail * fs.f_frsize < DISK_MIN;
}

static const struct {
    const char *said;
    const char *code;
    const char *text;
} causes[] = {
    {"incompatible with server", "store.version",
        "De database is gemaakt met een andere versie van PostgreSQL. Installeer die versie naast "
        "deze."},
    {"could not create shared memory", "store.memory",
        "PostgreSQL krijgt te weinig geheugen. Maak geheugen vrij of vergroot de grens van de "
        "container."},
    {"Cannot allocate memory", "store.memory",
        "PostgreSQL krijgt te weinig geheugen. Maak geheugen vrij of vergroot de grens van de "
        "container."},
    {"still in use", "store.running",
        "Een oud proces van PostgreSQL gebruikt de database nog. Beeindig dat en start corvd "
        "opnieuw."},
    {"could not locate a valid checkpoint record", "store.damaged",
        "De bestanden van de database zijn beschadigd. Zet een reservekopie terug."},
    {"Permission denied", "store.folder-rights",
        "PostgreSQL mag niet bij de bestanden van de database. Kijk naar de eigenaar en de rechten "
        "van state_dir."},
};

static corv_rc cause_of(const char *words, struct corv_fault *fault)
{
    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++)
        if (strstr(words, causes[i].said))
            return CORV_FAIL(
                fault, CORV_E_IO, CORV_FAULT_STORE, causes[i].code, "%s", causes[i].text);
    return CORV_OK;
}

corv_rc corv_pg_run_fault(const struct corv_pg_home *h, const struct corv_pg_log_mark *from,
    int exit_code, struct corv_fault *fault)
{
    char words[16384] = "";

    if (exit_code == CORV_PG_RUN_NO_FOLDER)
        return CORV_FAIL(fault, CORV_E_IO, CORV_FAULT_SETTINGS, "store.folder-rights",
            "Gebruiker postgres kan %.100s niet bereiken. Geef de mappen erboven leesrecht "
            "(chmod o+x) of kies een andere state_dir.",
            h->root);
    if (exit_code == CORV_PG_RUN_NO_USER)
        return CORV_FAIL(fault, CORV_E_IO, CORV_FAULT_SETTINGS, "store.no-user",
            "corvd mag niet overgaan op gebruiker postgres. Start corvd als gewone gebruiker.");
    read_words(h, from, words, sizeof words);
    if (disk_full(h) || strstr(words, "No space left on device"))
        return corv_pg_home_fault(ENOSPC, h->root, fault);
    if (cause_of(words, fault) != CORV_OK)
        return CORV_E_IO;
    return CORV_FAIL(fault, CORV_E_IO, CORV_FAULT_STORE, "store.start",
        "PostgreSQL stopte bij het starten. De reden staat in %.60s/start.log of in de map log "
        "daar.",
        h->root);
}
