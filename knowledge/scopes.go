package knowledge

import "slices"

// scopes numbers the scopes of a snapshot, as the groups of its index. It is
// shared by snapshots and only ever appended to.
type scopes []Scope

// number returns a scope's number, giving it the next one if it is new.
func (s *scopes) number(scope Scope) uint32 {
	if i := slices.Index(*s, scope); i >= 0 {
		return uint32(i)
	}
	*s = append(slices.Clip(*s), scope)
	return uint32(len(*s) - 1)
}

// filter makes a filter of groups from one of scopes.
func (s scopes) filter(accept func(Scope) bool) func(uint32) bool {
	if accept == nil {
		return nil
	}
	return func(group uint32) bool { return accept(s[group]) }
}
