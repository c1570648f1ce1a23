/*
 * trim - let go of code that only the start needed
 *
 * Fifty shared libraries run their constructors when the process starts, and the pages of
 * code that this touched (with the kernel's read-around: megabytes) stay mapped. They are
 * clean and in the page cache: what is needed again comes back at its next use.
 */
#ifndef SK_TRIM_H
#define SK_TRIM_H

/* Unmap the pages of all executable file mappings. Does nothing where /proc is not there.
 * Source: madvise(2), MADV_DONTNEED on a read-only private mapping of a file. */
void trim_code(void);

#endif
