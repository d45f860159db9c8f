// Package ui carries the built page inside the program.
//
// Invariant: Files always holds an index.html, so that a hub without the page says so instead of answering 404.
package ui
