/* Makes the disk and the clock of one process go wrong while files say so; LD_PRELOAD it.
 *
 * SHIM_FOLDER holds: "fsync" (every fsync fails with EIO), "full" (every write to a file fails with ENOSPC),
 * "clock" (eight bytes: seconds to add to the time of day; the monotonic clock is left alone).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int told(const char *what) {
    char path[512];
    const char *folder = getenv("SHIM_FOLDER");
    if (!folder) return 0;
    snprintf(path, sizeof path, "%s/%s", folder, what);
    return access(path, F_OK) == 0;
}

static int is_file(int fd) {
    struct stat found;
    return fstat(fd, &found) == 0 && S_ISREG(found.st_mode);
}

int fsync(int fd) {
    static int (*real)(int);
    if (!real) real = dlsym(RTLD_NEXT, "fsync");
    if (told("fsync")) { errno = EIO; return -1; }
    return real(fd);
}

int fdatasync(int fd) {
    static int (*real)(int);
    if (!real) real = dlsym(RTLD_NEXT, "fdatasync");
    if (told("fsync")) { errno = EIO; return -1; }
    return real(fd);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    if (!real) real = dlsym(RTLD_NEXT, "pwrite64");
    if (told("full") && is_file(fd)) { errno = ENOSPC; return -1; }
    return real(fd, data, size, at);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { return pwrite64(fd, data, size, at); }

static int64_t offset(void) {
    static volatile int64_t *shared;
    if (!shared) {
        char path[512];
        const char *folder = getenv("SHIM_FOLDER");
        if (!folder) return 0;
        snprintf(path, sizeof path, "%s/clock", folder);
        int fd = open(path, O_RDONLY);
        if (fd < 0) return 0;
        void *seen = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
        close(fd);
        if (seen == MAP_FAILED) return 0;
        shared = seen;
    }
    return *shared;
}

int clock_gettime(clockid_t which, struct timespec *out) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(which, out);
    if (result == 0 && which == CLOCK_REALTIME) out->tv_sec += offset();
    return result;
}
