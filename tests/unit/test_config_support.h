/* SPDX-License-Identifier: EUPL-1.2 */
/* For tests that need a configuration: a folder with key files that look right, and the reader.
 * Include after cmocka's headers. */
#ifndef CORV_TESTS_UNIT_TEST_CONFIG_SUPPORT_H
#define CORV_TESTS_UNIT_TEST_CONFIG_SUPPORT_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"

static const char *const support_files[] = {"corvd.pem", "corvd.key", "clients-ca.pem",
    "clients-crl.pem", "corvd-client.pem", "corvd-client.key", "partners-ca.pem"};

struct support_folder {
    char path[64];
    char file[96]; /* of the configuration; need not exist for corv_config_read */
};

static inline void support_name(const struct support_folder *s, const char *name, char out[160])
{
    (void)snprintf(out, 160, "%s/tls/%s", s->path, name);
}

static inline void support_write(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(fchmod(fd, mode), 0); /* whatever the umask */
    assert_int_equal(close(fd), 0);
}

static inline void support_open(struct support_folder *s)
{
    char name[160];

    (void)snprintf(s->path, sizeof s->path, "/tmp/corv-config-XXXXXX");
    assert_non_null(mkdtemp(s->path));
    (void)snprintf(s->file, sizeof s->file, "%s/corvd.yaml", s->path);
    support_name(s, "", name);
    assert_int_equal(mkdir(name, 0700), 0);
    for (size_t i = 0; i < sizeof support_files / sizeof *support_files; i++) {
        support_name(s, support_files[i], name);
        support_write(name, "test\n", 0600);
    }
}

static inline void support_close(struct support_folder *s)
{
    char name[160];

    for (size_t i = 0; i < sizeof support_files / sizeof *support_files; i++) {
        support_name(s, support_files[i], name);
        (void)unlink(name);
    }
    support_name(s, "", name);
    (void)rmdir(name);
    (void)unlink(s->file);
    assert_int_equal(rmdir(s->path), 0);
}

/* The part every configuration needs. */
#define SUPPORT_LISTEN                                                                             \
    "listen:\n"                                                                                    \
    "  certificate: tls/corvd.pem\n"                                                               \
    "  key: tls/corvd.key\n"                                                                       \
    "  client_ca: tls/clients-ca.pem\n"

static inline void support_print(const struct corv_findings *f)
{
    for (size_t i = 0; i < f->count; i++)
        print_message("  %s regel %d:%d %s [%s] %s\n", corv_severity_name(f->list[i].severity),
            f->list[i].line, f->list[i].column, f->list[i].code, f->list[i].path, f->list[i].text);
}

/* A good configuration or a failed test. */
static inline struct corv_config *support_load(const struct support_folder *s, const char *text)
{
    struct corv_config *c = NULL;
    struct corv_findings f;

    corv_findings_init(&f);
    corv_rc rc = corv_config_read(s->file, corv_view_str(text), &c, &f);

    if (rc != CORV_OK)
        support_print(&f);
    assert_int_equal(rc, CORV_OK);
    corv_findings_free(&f);
    return c;
}

#endif
