/* SPDX-License-Identifier: EUPL-1.2 */
#include "queue/embedded_home.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/base/buf.h"

#define OWNER_NAME  "postgres"
#define SOCKET_FILE "/.s.PGSQL.5432"

corv_rc corv_pg_home_fault(int error, const char *path, struct corv_fault *fault)
{
    if (error == ENOSPC || error == EDQUOT)
        return CORV_FAIL(fault, CORV_E_IO, CORV_FAULT_STORE, "store.disk-full",
            "Er is geen ruimte meer op de schijf van %.120s. Maak ruimte en start corvd opnieuw.",
            path);
    if (error == EACCES || error == EPERM || error == EROFS)
        return CORV_FAIL(fault, CORV_E_IO, CORV_FAULT_SETTINGS, "store.folder-rights",
            "corvd mag niet schrijven in %.120s. Geef de gebruiker van corvd rechten of kies een "
            "andere state_dir.",
            path);
    return CORV_FAIL(fault, CORV_E_IO, CORV_FAULT_STORE, "store.folder",
        "Lezen of schrijven van %.120s lukt niet (fout %d).", path, error);
}

static corv_rc find_owner(struct corv_pg_owner *o, struct corv_fault *fault)
{
    struct passwd *pw = NULL;

    *o = (struct corv_pg_owner){false, geteuid(), getegid(), {0}, 0};
    if (o->uid != 0)
        return CORV_OK;
    pw = getpwnam(OWNER_NAME);
    if (!pw)
        return CORV_FAIL(fault, CORV_E_NOTFOUND, CORV_FAULT_SETTINGS, "store.no-user",
            "PostgreSQL draait niet als root en gebruiker " OWNER_NAME " bestaat niet. Installeer "
            "het pakket postgresql of start corvd als gewone gebruiker.");
    *o = (struct corv_pg_owner){true, pw->pw_uid, pw->pw_gid, {0}, CORV_PG_GROUPS};
    if (getgrouplist(OWNER_NAME, pw->pw_gid, o->groups, &o->groups_count) < 0)
        o->groups_count = 0; /* unusually many: the main group is enough */
    return CORV_OK;
}

/* ---- folders ------------------------------------------------------------------------------ */

static corv_rc make_folder(const char *path, mode_t mode, struct corv_fault *fault)
{
    if (mkdir(path, mode) != 0 && errno != EEXIST)
        return corv_pg_home_fault(errno, path, fault);
    return CORV_OK;
}

corv_rc corv_pg_home_folder(
    const struct corv_pg_home *h, const char *path, struct corv_fault *fault)
{
    corv_rc rc = make_folder(path, 0700, fault);

    if (rc != CORV_OK)
        return rc;
    if (h->owner.other && lchown(path, h->owner.uid, h->owner.gid) != 0)
        return corv_pg_home_fault(errno, path, fault);
    if (chmod(path, 0700) != 0)
        return corv_pg_home_fault(errno, path, fault);
    return CORV_OK;
}

/* User postgres must be able to walk through a state folder that root keeps for itself. Only "x"
 * is given: nobody can list what is in it. */
static corv_rc open_the_way(const char *path, const struct corv_pg_owner *o, struct corv_fault *f)
{
    struct stat st;

    if (!o->other)
        return CORV_OK;
    if (stat(path, &st) != 0 || chmod(path, (st.st_mode & 07777) | 0011) != 0)
        return corv_pg_home_fault(errno, path, f);
    return CORV_OK;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *w)
{
    (void)st;
    (void)kind;
    (void)w;
    return remove(path);
}

void corv_pg_home_remove_tree(const char *path)
{
    (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static corv_rc name_paths(const char *state_dir, struct corv_pg_home *h, struct corv_fault *fault)
{
    char *absolute = realpath(state_dir, NULL);
    size_t room = sizeof h->root - sizeof "/postgres";

    if (!absolute)
        return corv_pg_home_fault(errno, state_dir, fault);
    if (strlen(absolute) > room) {
        free(absolute);
        return CORV_FAIL(fault, CORV_E_LIMIT, CORV_FAULT_SETTINGS, "store.folder-long",
            "De naam van state_dir is langer dan %zu tekens. Kies een kortere.", room);
    }
    (void)snprintf(h->root, sizeof h->root, "%.*s/postgres", (int)room, absolute);
    (void)snprintf(h->data, sizeof h->data, "%s/data", h->root);
    (void)snprintf(h->fresh, sizeof h->fresh, "%s/data.new", h->root);
    (void)snprintf(h->log, sizeof h->log, "%s/log", h->root);
    (void)snprintf(h->start_log, sizeof h->start_log, "%s/start.log", h->root);
    (void)snprintf(h->conf, sizeof h->conf, "%s/postgresql.conf", h->root);
    (void)snprintf(h->hba, sizeof h->hba, "%s/pg_hba.conf", h->root);
    free(absolute);
    return CORV_OK;
}

/* ---- small files -------------------------------------------------------------------------- */

/* Whole or not at all: written aside, synced, renamed. */
static corv_rc write_file(const char *path, const struct corv_buf *text, struct corv_fault *fault)
{
    char aside[CORV_PG_PATH + 40];
    corv_rc rc = CORV_OK;
    int fd;

    if (text->failed)
        return corv_pg_home_fault(ENOMEM, path, fault);
    (void)snprintf(aside, sizeof aside, "%s.new", path);
    fd = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return corv_pg_home_fault(errno, aside, fault);
    errno = 0; /* a short write sets none */
    if (write(fd, text->p, text->n) != (ssize_t)text->n || fchmod(fd, 0644) != 0 || fsync(fd) != 0)
        rc = corv_pg_home_fault(errno ? errno : ENOSPC, aside, fault);
    (void)close(fd);
    if (rc == CORV_OK && rename(aside, path) != 0)
        rc = corv_pg_home_fault(errno, path, fault);
    return rc;
}

static bool read_line(const char *path, char *out, size_t size)
{
    FILE *f = fopen(path, "re");
    bool got = f && fgets(out, (int)size, f);

    if (f)
        (void)fclose(f);
    if (!got)
        return false;
    out[strcspn(out, "\n")] = '\0';
    return out[0] == '/';
}

/* ---- the socket's folder ------------------------------------------------------------------ */

/* libpq and PostgreSQL both read a comma in the name as a list. */
static bool socket_fits(const char *folder)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-";
    struct sockaddr_un address;

    return folder[strspn(folder, plain)] == '\0' &&
           strlen(folder) + sizeof SOCKET_FILE <= sizeof address.sun_path;
}

/* A folder under /tmp may have been made by anyone: only a private one of the owner is used. */
static bool private_folder(const char *path, uid_t owner)
{
    struct stat st;

    return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == owner &&
           (st.st_mode & 0077) == 0;
}

static corv_rc short_socket(struct corv_pg_home *h, const char *note, struct corv_fault *fault)
{
    static const char *const places[] = {"/run/corvd-XXXXXX", "/tmp/corvd-XXXXXX"};
    struct corv_buf text;
    corv_rc rc;

    if (read_line(note, h->socket, sizeof h->socket) && private_folder(h->socket, h->owner.uid))
        return CORV_OK;
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(h->socket, sizeof h->socket, "%s", places[i]);
        if (mkdtemp(h->socket))
            break;
        h->socket[0] = '\0';
    }
    if (!h->socket[0])
        return corv_pg_home_fault(errno, "/tmp", fault);
    rc = corv_pg_home_folder(h, h->socket, fault);
    if (rc != CORV_OK)
        return rc;
    corv_buf_init(&text, 256);
    (void)corv_buf_addf(&text, "%s\n", h->socket);
    rc = write_file(note, &text, fault);
    corv_buf_free(&text);
    return rc;
}

static corv_rc make_socket(struct corv_pg_home *h, struct corv_fault *fault)
{
    char note[CORV_PG_PATH + 16];

    (void)snprintf(note, sizeof note, "%s/socket_dir", h->root);
    (void)snprintf(h->socket, sizeof h->socket, "%s/socket", h->root);
    if (!socket_fits(h->socket))
        return short_socket(h, note, fault);
    (void)unlink(note);
    return corv_pg_home_folder(h, h->socket, fault);
}

void corv_pg_home_socket_of(const char *state_dir, char out[CORV_PG_PATH + 16])
{
    char *absolute = realpath(state_dir, NULL);
    const char *base = absolute ? absolute : state_dir;
    char note[CORV_PG_PATH + 32];

    (void)snprintf(note, sizeof note, "%.*s/postgres/socket_dir", CORV_PG_PATH, base);
    if (!read_line(note, out, CORV_PG_PATH + 16))
        (void)snprintf(out, CORV_PG_PATH + 16, "%.*s/postgres/socket", CORV_PG_PATH - 16, base);
    free(absolute);
}

char *corv_pg_home_conninfo(const char *socket, const char *database, char *out, size_t size)
{
    (void)snprintf(
        out, size, "host=%s port=5432 user=" CORV_PG_USER " dbname=%s", socket, database);
    return out;
}

/* ---- settings ----------------------------------------------------------------------------- */

/* Durability is PostgreSQL's default and is not mentioned. No value of a message can get into
 * the server's log: no statements, no parameters, no details. */
static const char settings[] =
    "# Geschreven door corvd bij elke start; wijzigingen hier gaan verloren.\n"
    "listen_addresses = ''\n"
    "port = 5432\n"
    "unix_socket_permissions = 0700\n"
    "max_connections = 40\n"
    "shared_buffers = 256MB\n" /* the indexes of a backlog of a million; taken as it is used */
    "max_wal_size = 1GB\n"
    "min_wal_size = 80MB\n"
    /* Each lease steps over what was delivered since the last vacuum: in a minute of draining a
     * backlog that is half a million rows. */
    "autovacuum_naptime = '15s'\n"
    "max_parallel_workers_per_gather = 0\n"
    "max_parallel_maintenance_workers = 0\n" /* a container's /dev/shm is small */
    "jit = off\n"
    "idle_in_transaction_session_timeout = '5min'\n"
    "timezone = 'UTC'\n"
    "log_timezone = 'UTC'\n"
    "logging_collector = on\n"
    "log_filename = 'postgres-%a.log'\n"
    "log_truncate_on_rotation = on\n"
    "log_rotation_age = '1d'\n"
    "log_rotation_size = 0\n"
    "log_file_mode = 0600\n"
    "log_checkpoints = off\n"
    "log_statement = none\n"
    "log_min_error_statement = panic\n"
    "log_min_duration_statement = -1\n"
    "log_error_verbosity = terse\n"
    "log_parameter_max_length = 0\n"
    "log_parameter_max_length_on_error = 0\n";

static void add_path(struct corv_buf *b, const char *key, const char *path)
{
    (void)corv_buf_addf(b, "%s = '", key);
    for (const char *p = path; *p; p++) {
        if (*p == '\'' || *p == '\\')
            (void)corv_buf_add(b, p, 1);
        (void)corv_buf_add(b, p, 1);
    }
    (void)corv_buf_add_str(b, "'\n");
}

static corv_rc write_settings(const struct corv_pg_home *h, struct corv_fault *fault)
{
    struct corv_buf text;
    corv_rc rc;

    corv_buf_init(&text, 16384);
    (void)corv_buf_add_str(&text, settings);
    add_path(&text, "hba_file", h->hba);
    add_path(&text, "log_directory", h->log);
    add_path(&text, "unix_socket_directories", h->socket);
    rc = write_file(h->conf, &text, fault);
    corv_buf_reset(&text);
    if (rc == CORV_OK) {
        /* whoever can enter the socket's folder (0700) is the owner or root */
        (void)corv_buf_add_str(&text, "local all all trust\n");
        rc = write_file(h->hba, &text, fault);
    }
    corv_buf_free(&text);
    return rc;
}

corv_rc corv_pg_home_make(const char *state_dir, struct corv_pg_home *h, struct corv_fault *fault)
{
    corv_rc rc;

    *h = (struct corv_pg_home){0};
    rc = find_owner(&h->owner, fault);
    if (rc == CORV_OK)
        rc = make_folder(state_dir, 0700, fault);
    if (rc == CORV_OK)
        rc = open_the_way(state_dir, &h->owner, fault);
    if (rc == CORV_OK)
        rc = name_paths(state_dir, h, fault);
    if (rc == CORV_OK)
        rc = make_folder(h->root, 0700, fault);
    if (rc == CORV_OK)
        rc = open_the_way(h->root, &h->owner, fault);
    if (rc == CORV_OK)
        rc = corv_pg_home_folder(h, h->log, fault);
    if (rc == CORV_OK)
        rc = make_socket(h, fault);
    if (rc == CORV_OK)
        rc = write_settings(h, fault);
    return rc;
}
