/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/runner/confine.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1 /* maps terabytes, and looks into itself at the end */
#else
#define SANITIZED 0
#endif

static corv_rc no(struct corv_fault *f, const char *what)
{
    return CORV_FAIL(f, CORV_E_IO, CORV_FAULT_SETTINGS, "process.confine",
        "Het kindproces kan niet worden begrensd: %s (%s).", what, strerror(errno));
}

static corv_rc limit(int which, rlim_t most, const char *what, struct corv_fault *f)
{
    struct rlimit now;

    if (getrlimit((__rlimit_resource_t)which, &now) != 0)
        return no(f, what);
    if (now.rlim_max != RLIM_INFINITY && most > now.rlim_max)
        most = now.rlim_max;
    const struct rlimit wanted = {most, most};

    return setrlimit((__rlimit_resource_t)which, &wanted) == 0 ? CORV_OK : no(f, what);
}

/* Changing user takes these away, so they are asked again then. A core dump holds messages. */
static corv_rc tie(struct corv_fault *f)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
        return no(f, "PR_SET_PDEATHSIG");
    if (!SANITIZED && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return no(f, "PR_SET_DUMPABLE");
    return CORV_OK;
}

corv_rc corv_confine_first(struct corv_fault *f)
{
    corv_rc rc = limit(RLIMIT_CORE, 0, "RLIMIT_CORE", f);

    if (rc == CORV_OK && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        rc = no(f, "PR_SET_NO_NEW_PRIVS");
    return rc == CORV_OK ? tie(f) : rc;
}

static corv_rc become(const char *user, struct corv_fault *f)
{
    errno = 0;
    const struct passwd *p = getpwnam(user); /* no other thread yet */

    if (!p) {
        errno = errno ? errno : ENOENT;
        return no(f, "process.user");
    }
    if (geteuid() == p->pw_uid && getuid() == p->pw_uid)
        return CORV_OK;
    if (setgroups(0, NULL) != 0 || setgid(p->pw_gid) != 0 || setuid(p->pw_uid) != 0)
        return no(f, "process.user");
    return tie(f);
}

corv_rc corv_confine(const struct corv_confinement *c, struct corv_fault *f)
{
    corv_rc rc = limit(RLIMIT_NOFILE, c->files, "process.files", f);

    if (rc == CORV_OK && c->memory_mb > 0 && !SANITIZED)
        rc = limit(RLIMIT_AS, (rlim_t)c->memory_mb << 20, "process.memory_mb", f);
    if (rc == CORV_OK && c->user)
        rc = become(c->user, f);
    return rc;
}
