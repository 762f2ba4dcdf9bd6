// Package formats sets the library's file parsers beside pandoc (docx, md, rst)
// and pdftotext (pdf) on the same files in the same run. It holds benchmarks
// and tests only.
package formats
