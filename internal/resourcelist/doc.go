// Package resourcelist holds what a KRM client sends, and what a person keeps in
// a file, as bytes and items.
//
// Most items of a call belong to somebody else. They are never parsed and never
// written anew: a reader of block-form YAML finds where each one ends and what
// it is, and [List.Bytes] copies it. A text that the reader does not understand
// in full is parsed by yaml.v3: one item where only its inside is unclear (its
// bytes still stay), the whole where the items cannot be told apart by lines (a
// list in flow form, JSON, an anchor used across items); then the items are
// written anew and say the same.
//
// A List and its Items are not safe for concurrent use.
package resourcelist
