/* SPDX-License-Identifier: EUPL-1.2 */
#include "queue/vault_keys.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/base/digest.h"

#define CACHE    64 /* hours: more than the day that payloads may live */
#define CHECK    8  /* bytes of SHA-256 over the key: a damaged file is not taken for a key */
#define FILE_LEN (CORV_VAULT_KEY + CHECK)
#define NAME_LEN 32
#define SECONDS  3600
#define LEFT     "new-"    /* begin of the name of a key being made */
#define HOUSE    "house"   /* the file with the identity of the folder */
#define LEFTOVER (10 * 60) /* seconds: a temporary file this old has no maker any more */

struct cached {
    uint32_t hour; /* 0: free */
    struct corv_vault_key key;
};

struct corv_vault_keys {
    int dir;
    char house[CORV_VAULT_HOUSE];
    struct cached *cache; /* pages of their own: locked and not dumped */
};

static char *name_of(uint32_t hour, char out[NAME_LEN])
{
    time_t seconds = (time_t)hour * SECONDS;
    struct tm tm = {0};

    (void)gmtime_r(&seconds, &tm);
    (void)strftime(out, NAME_LEN, "%Y%m%d%H.key", &tm);
    return out;
}

/* ---- cache -------------------------------------------------------------------------------- */

static struct cached *cached(struct corv_vault_keys *k, uint32_t hour)
{
    for (size_t i = 0; i < CACHE; i++)
        if (k->cache[i].hour == hour)
            return &k->cache[i];
    return NULL;
}

static void wipe(struct cached *c)
{
    if (c)
        OPENSSL_cleanse(c, sizeof *c);
}

static void remember(struct corv_vault_keys *k, uint32_t hour, const struct corv_vault_key *key)
{
    struct cached *place = cached(k, 0);

    if (!place) { /* full: the oldest hour makes room */
        place = &k->cache[0];
        for (size_t i = 1; i < CACHE; i++)
            if (k->cache[i].hour < place->hour)
                place = &k->cache[i];
        wipe(place);
    }
    *place = (struct cached){hour, *key};
}

/* ---- files -------------------------------------------------------------------------------- */

static corv_rc add_check(uint8_t file[FILE_LEN])
{
    const struct corv_view parts[] = {
        corv_view_str("corv-vault-key"), corv_view_of(file, CORV_VAULT_KEY)};
    struct corv_digest digest;

    if (corv_digest_fields(parts, 2, &digest) != CORV_OK)
        return CORV_E_NOMEM;
    memcpy(file + CORV_VAULT_KEY, digest.b, CHECK);
    return CORV_OK;
}

static corv_rc read_key(struct corv_vault_keys *k, const char *name, struct corv_vault_key *out)
{
    uint8_t file[FILE_LEN + 1] = {0};
    uint8_t check[CHECK];
    struct stat st;
    corv_rc rc = CORV_E_IO;
    int fd = openat(k->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0)
        return errno == ENOENT ? CORV_E_NOTFOUND : CORV_E_IO;
    if (read(fd, file, sizeof file) != FILE_LEN)
        goto out;
    memcpy(check, file + CORV_VAULT_KEY, CHECK);
    if (add_check(file) != CORV_OK || memcmp(check, file + CORV_VAULT_KEY, CHECK) != 0)
        goto out;
    /* a copy put back may be readable for others: that must not stop the messages */
    if (fstat(fd, &st) == 0 && (st.st_mode & 0077) != 0)
        (void)fchmod(fd, 0600);
    memcpy(out->b, file, CORV_VAULT_KEY);
    rc = CORV_OK;
out:
    OPENSSL_cleanse(file, sizeof file);
    (void)close(fd);
    return rc;
}

static corv_rc write_synced(int fd, const uint8_t file[FILE_LEN])
{
    if (write(fd, file, FILE_LEN) != FILE_LEN || fsync(fd) != 0)
        return CORV_E_IO;
    return CORV_OK;
}

static corv_rc random_name(char out[NAME_LEN])
{
    uint8_t bytes[8];

    if (RAND_bytes(bytes, sizeof bytes) != 1)
        return CORV_E_IO;
    (void)snprintf(out, NAME_LEN, LEFT);
    corv_hex(bytes, sizeof bytes, out + sizeof LEFT - 1);
    return CORV_OK;
}

/* Written aside and linked: the name appears with the whole key in it, once. */
static corv_rc create_key(struct corv_vault_keys *k, const char *name)
{
    uint8_t file[FILE_LEN];
    char aside[NAME_LEN];
    corv_rc rc = CORV_E_IO;
    int fd = -1;

    if (RAND_priv_bytes(file, CORV_VAULT_KEY) != 1 || add_check(file) != CORV_OK ||
        random_name(aside) != CORV_OK)
        goto out;
    fd = openat(k->dir, aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        goto out;
    rc = write_synced(fd, file);
    if (rc == CORV_OK && linkat(k->dir, aside, k->dir, name, 0) != 0 && errno != EEXIST)
        rc = CORV_E_IO;
    (void)unlinkat(k->dir, aside, 0);
    (void)close(fd);
out:
    OPENSSL_cleanse(file, sizeof file);
    return rc;
}

corv_rc corv_vault_keys_make(struct corv_vault_keys *k, uint32_t hour, struct corv_vault_key *out)
{
    struct cached *known = hour ? cached(k, hour) : NULL;
    char name[NAME_LEN];
    corv_rc rc;

    if (hour == 0)
        return CORV_E_INVALID;
    (void)name_of(hour, name);
    if (known && faccessat(k->dir, name, F_OK, 0) == 0) {
        *out = known->key;
        return CORV_OK;
    }
    wipe(known); /* its file is gone: what it sealed could not be opened after a restart */
    rc = read_key(k, name, out);
    if (rc == CORV_E_NOTFOUND) {
        rc = create_key(k, name);
        if (rc == CORV_OK)
            rc = read_key(k, name, out); /* perhaps another process was first */
    }
    /* also when another process made it: its own fsync of the folder may still have to come */
    if (rc == CORV_OK && fsync(k->dir) != 0)
        rc = CORV_E_IO;
    if (rc == CORV_OK)
        remember(k, hour, out);
    else
        OPENSSL_cleanse(out, sizeof *out);
    return rc == CORV_E_NOTFOUND ? CORV_E_IO : rc;
}

corv_rc corv_vault_keys_find(struct corv_vault_keys *k, uint32_t hour, struct corv_vault_key *out)
{
    struct cached *known = hour ? cached(k, hour) : NULL;
    char name[NAME_LEN];
    corv_rc rc;

    if (hour == 0)
        return CORV_E_NOTFOUND;
    (void)name_of(hour, name);
    if (known && faccessat(k->dir, name, F_OK, 0) == 0) {
        *out = known->key;
        return CORV_OK;
    }
    wipe(known); /* destroyed by another process */
    rc = read_key(k, name, out);
    if (rc == CORV_OK)
        remember(k, hour, out);
    return rc;
}

/* Overwriting is a courtesy to disks that write in place; the promise is kept by the unlink and
 * by the folder being outside every backup. */
static corv_rc erase(int dir, const char *name)
{
    static const uint8_t zeros[FILE_LEN];
    corv_rc rc = CORV_OK;
    int fd = openat(dir, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0)
        return errno == ENOENT ? CORV_OK : CORV_E_IO;
    if (pwrite(fd, zeros, FILE_LEN, 0) != FILE_LEN || fsync(fd) != 0)
        rc = CORV_E_IO;
    if (unlinkat(dir, name, 0) != 0 && errno != ENOENT)
        rc = CORV_E_IO;
    (void)close(fd);
    return rc;
}

corv_rc corv_vault_keys_destroy(struct corv_vault_keys *k, uint32_t hour)
{
    char name[NAME_LEN];
    corv_rc rc;

    if (hour == 0)
        return CORV_E_INVALID;
    wipe(cached(k, hour));
    rc = erase(k->dir, name_of(hour, name));
    if (rc == CORV_OK && fsync(k->dir) != 0)
        rc = CORV_E_IO;
    return rc;
}

/* ---- which hours -------------------------------------------------------------------------- */

static uint32_t hour_of_name(const char *name)
{
    char again[NAME_LEN];
    struct tm tm = {0};
    const char *end = strptime(name, "%Y%m%d%H", &tm);
    time_t seconds = end ? timegm(&tm) : -1;

    if (seconds <= 0 || seconds / SECONDS > UINT32_MAX)
        return 0;
    return strcmp(name_of((uint32_t)(seconds / SECONDS), again), name) == 0
               ? (uint32_t)(seconds / SECONDS)
               : 0;
}

static int by_hour(const void *a, const void *b)
{
    const uint32_t *x = a;
    const uint32_t *y = b;

    return (*x > *y) - (*x < *y);
}

static corv_rc add_hour(uint32_t **list, size_t *count, uint32_t hour)
{
    uint32_t *more = realloc(*list, (*count + 1) * sizeof **list);

    if (!more)
        return CORV_E_NOMEM;
    *list = more;
    (*list)[(*count)++] = hour;
    return CORV_OK;
}

corv_rc corv_vault_keys_list(struct corv_vault_keys *k, uint32_t **out, size_t *count)
{
    int copy = openat(k->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
    corv_rc rc = d ? CORV_OK : CORV_E_IO;

    *out = NULL;
    *count = 0;
    for (struct dirent *e = d ? readdir(d) : NULL; e && rc == CORV_OK; e = readdir(d)) {
        uint32_t hour = hour_of_name(e->d_name);

        if (hour)
            rc = add_hour(out, count, hour);
    }
    if (d)
        (void)closedir(d);
    else if (copy >= 0)
        (void)close(copy);
    if (rc != CORV_OK) {
        free(*out);
        *out = NULL;
        *count = 0;
    }
    if (*count > 0)
        qsort(*out, *count, sizeof **out, by_hour);
    return rc;
}

/* ---- opening ------------------------------------------------------------------------------ */

/* What a killed process left while it was making a key. */
static void remove_leftovers(int dir)
{
    int copy = fcntl(dir, F_DUPFD_CLOEXEC, 0);
    DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
    struct stat st;

    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d))
        if (strncmp(e->d_name, LEFT, sizeof LEFT - 1) == 0 &&
            fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            st.st_mtime + LEFTOVER < time(NULL))
            (void)erase(dir, e->d_name);
    if (d)
        (void)closedir(d);
    else if (copy >= 0)
        (void)close(copy);
}

static corv_rc open_folder(const char *dir, int *out, struct corv_fault *fault)
{
    struct stat st;

    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return CORV_FAIL(fault, CORV_E_IO, CORV_FAULT_SETTINGS, "vault.folder",
            "De map met sleutels %.120s kan niet worden gemaakt (fout %d). Kijk naar rechten en "
            "ruimte.",
            dir, errno);
    *out = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*out < 0 || fstat(*out, &st) != 0)
        return CORV_FAIL(fault, CORV_E_IO, CORV_FAULT_SETTINGS, "vault.folder",
            "De map met sleutels %.120s kan niet worden geopend (fout %d).", dir, errno);
    if (st.st_uid != geteuid() || (st.st_mode & 0077) != 0)
        return CORV_FAIL(fault, CORV_E_STATE, CORV_FAULT_SETTINGS, "vault.rights",
            "De map met sleutels %.120s moet van de gebruiker van corvd zijn en voor anderen "
            "gesloten: chmod 700.",
            dir);
    return CORV_OK;
}

/* ---- which folder --------------------------------------------------------------------------- */

static corv_rc read_house(int dir, char out[CORV_VAULT_HOUSE])
{
    char file[CORV_VAULT_HOUSE + 1] = "";
    int fd = openat(dir, HOUSE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n = fd >= 0 ? read(fd, file, sizeof file) : -1;

    if (fd < 0)
        return errno == ENOENT ? CORV_E_NOTFOUND : CORV_E_IO;
    (void)close(fd);
    if (n != CORV_VAULT_HOUSE || file[n - 1] != '\n' ||
        strspn(file, "0123456789abcdef") != CORV_VAULT_HOUSE - 1)
        return CORV_E_INVALID;
    memcpy(out, file, CORV_VAULT_HOUSE - 1);
    out[CORV_VAULT_HOUSE - 1] = '\0';
    return CORV_OK;
}

/* As a key: whole, and of whoever was first. */
static corv_rc make_house(int dir)
{
    char text[CORV_VAULT_HOUSE + 1];
    char aside[NAME_LEN];
    uint8_t id[(CORV_VAULT_HOUSE - 1) / 2];
    corv_rc rc = CORV_E_IO;
    int fd;

    if (RAND_bytes(id, sizeof id) != 1 || random_name(aside) != CORV_OK)
        return rc;
    corv_hex(id, sizeof id, text);
    text[CORV_VAULT_HOUSE - 1] = '\n';
    fd = openat(dir, aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return rc;
    if (write(fd, text, CORV_VAULT_HOUSE) == CORV_VAULT_HOUSE && fsync(fd) == 0 &&
        (linkat(dir, aside, dir, HOUSE, 0) == 0 || errno == EEXIST) && fsync(dir) == 0)
        rc = CORV_OK;
    (void)unlinkat(dir, aside, 0);
    (void)close(fd);
    return rc;
}

static corv_rc find_house(struct corv_vault_keys *k, const char *dir, struct corv_fault *fault)
{
    corv_rc rc = read_house(k->dir, k->house);

    if (rc == CORV_E_NOTFOUND && make_house(k->dir) == CORV_OK)
        rc = read_house(k->dir, k->house); /* perhaps another process was first */
    if (rc == CORV_OK)
        return rc;
    return CORV_FAIL(fault, CORV_E_IO, CORV_FAULT_SETTINGS, "vault.house",
        "Het bestand " HOUSE
        " in de map met sleutels %.120s is niet te lezen of te maken. Kijk naar "
        "rechten en ruimte.",
        dir);
}

const char *corv_vault_keys_house(const struct corv_vault_keys *k)
{
    return k->house;
}

static struct cached *make_cache(void)
{
    size_t size = CACHE * sizeof(struct cached);
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED)
        return NULL;
    (void)mlock(p, size); /* may fail by ulimit; then swap must be encrypted */
    (void)madvise(p, size, MADV_DONTDUMP);
    return p;
}

corv_rc corv_vault_keys_open(
    const char *dir, struct corv_vault_keys **out, struct corv_fault *fault)
{
    struct corv_vault_keys *k = calloc(1, sizeof *k);
    corv_rc rc = CORV_E_NOMEM;

    *out = NULL;
    if (!k)
        goto out;
    k->dir = -1;
    k->cache = make_cache();
    if (!k->cache)
        goto out;
    rc = open_folder(dir, &k->dir, fault);
    if (rc != CORV_OK)
        goto out;
    remove_leftovers(k->dir);
    rc = find_house(k, dir, fault);
    if (rc != CORV_OK)
        goto out;
    *out = k;
    k = NULL;
out:
    corv_vault_keys_close(k);
    if (rc == CORV_E_NOMEM)
        return CORV_FAIL(fault, rc, CORV_FAULT_STORE, "vault.memory", "Er is te weinig geheugen.");
    return rc;
}

void corv_vault_keys_close(struct corv_vault_keys *k)
{
    if (!k)
        return;
    if (k->cache) {
        OPENSSL_cleanse(k->cache, CACHE * sizeof *k->cache);
        (void)munmap(k->cache, CACHE * sizeof *k->cache);
    }
    if (k->dir >= 0)
        (void)close(k->dir);
    free(k);
}
