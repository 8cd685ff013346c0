/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * driver_load of driver_bind.h: modprobe(8) as a child, with its complaint as the reason and a
 * limit of time. Used by lib/sriov.
 */
#include "driver_bind.h"
#include "reason.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MODPROBE_LIMIT_MS = 30000, COMPLAINT_BYTES = 256 };

static int
spawn_with_stderr(const char *path, char *const *argv, int fd, pid_t *ret)
{
	/* English words, whatever the user's language: they are searched for "not found". */
	char locale[] = "LC_ALL=C", search[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char *const env[] = {locale, search, NULL};
	posix_spawn_file_actions_t actions;
	int err;

	err = posix_spawn_file_actions_init(&actions);
	if (err != 0)
		return -err;
	err = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	if (err == 0)
		err = posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	if (err == 0)
		err = posix_spawn_file_actions_adddup2(&actions, fd, 2);
	if (err == 0)
		err = posix_spawn(ret, path, &actions, NULL, argv, env);
	posix_spawn_file_actions_destroy(&actions);
	return -err;
}

static int
start_modprobe(const char *driver, int fd, pid_t *ret)
{
	static const char *const places[] = {"/sbin/modprobe", "/usr/sbin/modprobe"};
	char program[] = "modprobe", end[] = "--", name[32];
	char *const argv[] = {program, end, name, NULL};
	int rc = -ENOENT;

	strcpy(name, driver);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && rc == -ENOENT; i++)
		rc = spawn_with_stderr(places[i], argv, fd, ret);
	return rc;
}

/* Its status as of waitpid(2), or -ETIMEDOUT after ending it. */
static int
wait_for(pid_t pid, int *ret_status)
{
	struct pollfd p = {.fd = pidfd_open(pid, 0), .events = POLLIN};
	int n;

	if (p.fd < 0)
		return -errno;
	do
		n = poll(&p, 1, MODPROBE_LIMIT_MS);
	while (n < 0 && errno == EINTR);
	close(p.fd);
	if (n <= 0) {
		/* A driver's initialisation cannot be interrupted: init inherits it then. */
		kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, WNOHANG);
		return -ETIMEDOUT;
	}
	return waitpid(pid, ret_status, 0) == pid ? 0 : -errno;
}

static int
judge_exit(const char *driver, int status, char *complaint, struct reason *why)
{
	char *colon = strstr(complaint, "FATAL: ");
	const char *text = colon != NULL ? colon + strlen("FATAL: ") : complaint;
	int err = -EIO;

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	complaint[strcspn(complaint, "\n")] = '\0';
	if (strstr(text, "not found") != NULL)
		err = -ENOENT;
	else if (strstr(text, "not permitted") != NULL || strstr(text, "rejected") != NULL)
		err = -EPERM;
	if (text[0] == '\0')
		text = "modprobe failed without a word (see dmesg)";
	return reason_set(why, err, "cannot load the driver %s: %s", driver, text);
}

static int
run_modprobe(const char *driver, struct reason *why)
{
	char complaint[COMPLAINT_BYTES] = "";
	int fds[2], rc, status;
	ssize_t n;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0)
		return reason_set(why, -errno, "cannot load the driver %s: no pipe", driver);
	rc = start_modprobe(driver, fds[1], &pid);
	close(fds[1]);
	if (rc != 0)
		reason_set(
			why,
			rc,
			"the driver %s is not loaded, and modprobe cannot be run: %s (in a "
			"container: load it on the host)",
			driver,
			strerror(-rc)
		);
	if (rc == 0) {
		rc = wait_for(pid, &status);
		n = read(fds[0], complaint, sizeof(complaint) - 1);
		complaint[n > 0 ? n : 0] = '\0';
		if (rc == 0)
			rc = judge_exit(driver, status, complaint, why);
		else
			reason_set(
				why,
				rc,
				"cannot load the driver %s: modprobe: %s",
				driver,
				strerror(-rc)
			);
	}
	close(fds[0]);
	return rc;
}

int
driver_load(const struct hostfs *fs, const char *driver, struct reason *why)
{
	int rc;

	if (!driver_name_ok(driver))
		return reason_set(why, -EINVAL, "\"%s\" cannot be a driver's name", driver);
	if (driver_loaded(fs, driver))
		return 0;
	if (fs->root != NULL && fs->root[0] != '\0')
		return reason_set(
			why,
			-ENOENT,
			"the driver %s is not loaded, and no module is loaded into a tree of files",
			driver
		);
	rc = run_modprobe(driver, why);
	if (rc == 0 && !driver_loaded(fs, driver))
		rc = reason_set(
			why,
			-ENOENT,
			"the module %s is loaded, but registers no PCI driver of that name",
			driver
		);
	return rc;
}
