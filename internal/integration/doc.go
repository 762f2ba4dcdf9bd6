// Package integration compares this library with other programs and libraries
// on the same input in the same run, so that a ratio means something on a
// machine of any speed. It is a module of its own: what it compares with never
// becomes a dependency of the library.
//
// Package formats sets the file parsers beside pandoc and pdftotext, package
// retrieval sets search beside bleve and chromem-go, package crawling sets the
// crawler beside colly. README.md says how to run them and what they measured.
package integration
