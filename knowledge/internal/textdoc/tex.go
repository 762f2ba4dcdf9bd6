package textdoc

import (
	"strings"
	"sync"
	"unicode/utf8"
)

// mathText writes a formula in Unicode where that loses nothing: letters,
// operators, symbols, and what is raised or lowered. A formula with fractions,
// roots or matrices stays in TeX, which is readable and exact.
func mathText(tex string) string {
	const longest = 2000
	tex = strings.TrimSpace(tex)
	if len(tex) > longest {
		return tex
	}
	m := mathWriter{rest: tex}
	m.group(0, false)
	if m.failed {
		return tex
	}
	return strings.TrimSpace(m.sb.String())
}

type mathWriter struct {
	rest   string
	sb     strings.Builder
	failed bool
}

// group writes up to the closing brace, or to the end at the top.
func (m *mathWriter) group(depth int, verbatim bool) {
	if depth > 10 {
		m.failed = true
	}
	for m.rest != "" && !m.failed {
		r, size := utf8.DecodeRuneInString(m.rest)
		m.rest = m.rest[size:]
		switch {
		case r == '}':
			m.failed = m.failed || depth == 0
			return
		case r == '{':
			m.group(depth+1, verbatim)
		case r == '\\':
			m.command(depth)
		case (r == '^' || r == '_') && !verbatim:
			m.script(r, depth)
		case r == '&' || r == '~' || r == '$':
			m.failed = true
		case strings.ContainsRune("=<>+", r) && !verbatim:
			m.sb.WriteString(" " + string(r) + " ")
		case r == '-' && !verbatim:
			m.sb.WriteRune('−')
		case r == '\'' && !verbatim:
			m.sb.WriteRune('′')
		case (r == ' ' || r == '\n') && !verbatim:
		default:
			m.sb.WriteRune(r)
		}
	}
	m.failed = m.failed || depth > 0
}

// argument writes one group, command or character on its own.
func (m *mathWriter) argument(depth int, verbatim bool) string {
	m.rest = strings.TrimLeft(m.rest, " \n")
	inner := mathWriter{rest: m.rest}
	switch {
	case m.rest == "":
		m.failed = true
		return ""
	case m.rest[0] == '{':
		inner.rest = m.rest[1:]
		inner.group(depth+1, verbatim)
	case m.rest[0] == '\\':
		inner.rest = m.rest[1:]
		inner.command(depth + 1)
	default:
		_, size := utf8.DecodeRuneInString(m.rest)
		inner.sb.WriteString(m.rest[:size])
		inner.rest = m.rest[size:]
	}
	m.rest = inner.rest
	m.failed = m.failed || inner.failed
	return inner.sb.String()
}

// script writes what is raised or lowered: digits as such, others in brackets.
func (m *mathWriter) script(mark rune, depth int) {
	text := strings.TrimSpace(m.argument(depth, false))
	digits := "⁰¹²³⁴⁵⁶⁷⁸⁹"
	if mark == '_' {
		digits = "₀₁₂₃₄₅₆₇₈₉"
	}
	if text != "" && strings.Trim(text, "0123456789") == "" {
		runes := []rune(digits)
		for _, d := range text {
			m.sb.WriteRune(runes[d-'0'])
		}
		return
	}
	m.sb.WriteString(string(mark) + "(" + text + ")")
}

func (m *mathWriter) command(depth int) {
	n := 0
	for n < len(m.rest) && (m.rest[n] >= 'a' && m.rest[n] <= 'z' || m.rest[n] >= 'A' && m.rest[n] <= 'Z') {
		n++
	}
	if n == 0 {
		if m.rest == "" || strings.IndexByte(",;:! {}%#&_$|", m.rest[0]) < 0 {
			m.failed = true
			return
		}
		if strings.IndexByte("{}%#&_$|", m.rest[0]) >= 0 {
			m.sb.WriteByte(m.rest[0])
		} else if m.rest[0] != '!' {
			m.sb.WriteByte(' ')
		}
		m.rest = m.rest[1:]
		return
	}
	name := m.rest[:n]
	m.rest = m.rest[n:]
	if symbol, ok := mathSymbols()[name]; ok {
		m.sb.WriteString(symbol)
		return
	}
	if mark, ok := mathAccents[name]; ok {
		base := m.argument(depth, false)
		m.failed = m.failed || utf8.RuneCountInString(base) != 1
		m.sb.WriteString(base + mark)
		return
	}
	switch name {
	case "text", "mathrm", "textrm", "mbox", "operatorname":
		m.sb.WriteString(m.argument(depth, name == "text" || name == "mbox"))
	case "mathbf", "mathit", "boldsymbol", "mathsf", "mathtt":
		m.sb.WriteString(m.argument(depth, false))
	case "sin", "cos", "tan", "exp", "log", "ln", "max", "min", "det", "arg", "dim", "sinh", "cosh", "tanh", "lim":
		m.sb.WriteString(name + " ")
	default:
		m.failed = true
	}
}

var mathAccents = map[string]string{
	"acute": "\u0301", "grave": "\u0300", "hat": "\u0302", "tilde": "\u0303", "bar": "\u0304", "breve": "\u0306", "dot": "\u0307",
	"ddot": "\u0308", "mathring": "\u030a", "check": "\u030c", "vec": "\u20d7",
}

// mathSymbols maps the names of symbols to the symbols.
var mathSymbols = sync.OnceValue(func() map[string]string {
	m := map[string]string{}
	for _, pair := range strings.Fields(mathSymbolTable) {
		name, symbol, _ := strings.Cut(pair, "=")
		m[name] = symbol
	}
	for _, spaced := range []string{"leq", "geq", "neq", "ne", "le", "ge", "equiv", "approx", "sim", "in", "to", "rightarrow", "Rightarrow", "subset", "times", "cdot", "pm"} {
		m[spaced] = " " + m[spaced] + " "
	}
	m["quad"], m["qquad"] = " ", " "
	return m
})

const mathSymbolTable = `alpha=α beta=β gamma=γ delta=δ epsilon=ϵ varepsilon=ε zeta=ζ eta=η theta=θ vartheta=ϑ iota=ι kappa=κ lambda=λ mu=μ nu=ν xi=ξ pi=π
varpi=ϖ rho=ρ varrho=ϱ sigma=σ varsigma=ς tau=τ upsilon=υ phi=ϕ varphi=φ chi=χ psi=ψ omega=ω digamma=ϝ Gamma=Γ Delta=Δ Theta=Θ Lambda=Λ
Xi=Ξ Pi=Π Sigma=Σ Upsilon=Υ Phi=Φ Psi=Ψ Omega=Ω aleph=ℵ beth=ℶ gimel=ℷ daleth=ℸ hbar=ℏ ell=ℓ Re=ℜ Im=ℑ wp=℘ partial=∂ nabla=∇ infty=∞
emptyset=∅ varnothing=⌀ forall=∀ exists=∃ nexists=∄ neg=¬ lnot=¬ angle=∠ top=⊤ bot=⊥ surd=√ prime=′ sum=∑ prod=∏ coprod=∐ int=∫ oint=∮ iint=∬
bigcap=⋂ bigcup=⋃ bigvee=⋁ bigwedge=⋀ bigoplus=⨁ bigotimes=⨂ bigodot=⨀ pm=± mp=∓ times=× div=÷ cdot=⋅ ast=* star=⋆ circ=∘ bullet=∙ cap=∩ cup=∪
uplus=⊎ vee=∨ wedge=∧ lor=∨ land=∧ oplus=⊕ ominus=⊖ otimes=⊗ oslash=⊘ odot=⊙ setminus=∖ wr=≀ amalg=⨿ dagger=† ddagger=‡ leq=≤ le=≤ geq=≥ ge=≥ neq=≠ ne=≠
ll=≪ gg=≫ equiv=≡ approx=≈ cong=≅ sim=∼ simeq=≃ propto=∝ asymp=≍ doteq=≐ models=⊨ vdash=⊢ dashv=⊣ perp=⟂ mid=∣ parallel=∥ bowtie=⋈ in=∈ ni=∋ notin=∉
subset=⊂ supset=⊃ subseteq=⊆ supseteq=⊇ prec=≺ succ=≻ preceq=≼ succeq=≽ to=→ rightarrow=→ leftarrow=← Rightarrow=⇒ Leftarrow=⇐ leftrightarrow=↔ Leftrightarrow=⇔
mapsto=↦ uparrow=↑ downarrow=↓ Uparrow=⇑ Downarrow=⇓ ldots=… cdots=⋯ vdots=⋮ ddots=⋱ dots=… langle=⟨ rangle=⟩ lfloor=⌊ rfloor=⌋ lceil=⌈ rceil=⌉ Box=□ square=□
Diamond=◇ lozenge=◊ clubsuit=♣ diamondsuit=♢ heartsuit=♡ spadesuit=♠ sharp=♯ flat=♭ natural=♮ checkmark=✓ eth=ð imath=ı jmath=ȷ mho=℧ complement=∁ backslash=\`
