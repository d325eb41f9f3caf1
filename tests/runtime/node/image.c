/* SPDX-License-Identifier: MIT */
/* The image of the zygote: the parts that it keeps, and how they are mapped. */
#include "runtime/node/image.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PAGES = 64 };
static unsigned char zeros[PAGES * 4096];

static bool is_mapped(const void *at)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry = 0;

	cr_assert_geq(fd, 0);
	cr_assert_eq(pread(fd, &entry, sizeof(entry),
			   (off_t)((uintptr_t)at / page * sizeof(entry))),
		     sizeof(entry));
	close(fd);
	return entry >> 63;
}

Test(image, zeros_that_nobody_wrote_are_known_and_not_mapped)
{
	unsigned char *middle = zeros + sizeof(zeros) / 2;
	bool was_mapped = is_mapped(middle);

	zeros[0] = 1;
	cr_assert_eq(trp_image_keep(), 0);
	cr_assert_eq(is_mapped(middle), was_mapped);
	cr_assert(trp_image_has(zeros, sizeof(zeros)));
	*middle = 1;
	cr_assert_not(trp_image_has(zeros, sizeof(zeros)));
	*middle = 0;
	zeros[0] = 2;
	cr_assert_not(trp_image_has(zeros, 1));
}

/* Objects whose constants lie in a mapping of their own, before the code. */
static unsigned count_divided(void)
{
	char line[512], last[256] = "", path[256], mode[8];
	bool was_constant = false;
	unsigned count = 0;
	FILE *maps = fopen("/proc/self/maps", "re");

	cr_assert_not_null(maps);
	while (fgets(line, sizeof(line), maps)) {
		path[0] = '\0';
		sscanf(line, "%*s %7s %*s %*s %*s %255s", mode, path);
		count += was_constant && path[0] == '/' &&
			 strcmp(mode, "r-xp") == 0 && strcmp(path, last) == 0;
		was_constant = strcmp(mode, "r--p") == 0;
		memcpy(last, path, sizeof(last));
	}
	fclose(maps);
	return count;
}

Test(image, constants_and_code_of_an_object_are_one_mapping)
{
	cr_assert_gt(count_divided(), 0, "libc has been linked as we link");
	trp_image_merge();
	cr_assert_eq(count_divided(), 0);
}
