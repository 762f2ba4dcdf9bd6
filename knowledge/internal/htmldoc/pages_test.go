package htmldoc

import (
	"context"
	"strings"
	"testing"
)

// sitePages are pages of invented companies, each of a kind that is no article.
var sitePages = []struct {
	name, page string
	keep, drop []string
}{
	{"contact page without main", `<html><head><title>Contact - Fjord Audio</title></head><body>
<div class="topbar"><a href="/">Fjord Audio</a> <a href="/shop">Shop</a> <a href="/support">Support</a></div>
<div class="wrapper"><h1>Contact us</h1>
<div class="row"><div class="col"><h3>Phone</h3><p><a href="tel:+4570203040">+45 70 20 30 40</a></p></div>
<div class="col"><h3>Email</h3><p><a href="mailto:care@fjord.example">care@fjord.example</a></p></div>
<div class="col"><h3>Opening hours</h3><table><tr><td>Monday to Friday</td><td>9 to 17</td></tr><tr><td>Saturday</td><td>10 to 14</td></tr></table></div></div>
<div class="row"><h3>Showroom</h3><address>Havnegade 12<br>8000 Aarhus C</address></div></div>
<div class="footer"><a href="/terms">Terms of sale</a><p>Fjord Audio ApS</p></div></body></html>`,
		[]string{"+45 70 20 30 40", "care@fjord.example", "Monday to Friday | 9 to 17", "Saturday | 10 to 14", "Havnegade 12", "8000 Aarhus C", "Showroom"},
		[]string{"Terms of sale", "Shop"}},
	{"questions only, Bootstrap accordion", `<html><body><nav>Home</nav><main><h1>Questions</h1><div class="accordion" id="a">
<div class="accordion-item"><h2 class="accordion-header"><button class="accordion-button collapsed" data-bs-toggle="collapse" data-bs-target="#q1" aria-expanded="false">How do I reset my password?</button></h2>
<div id="q1" class="accordion-collapse collapse"><div class="accordion-body">Choose Forgot password, and follow the mail.</div></div></div>
<div class="accordion-item"><h2 class="accordion-header"><button class="accordion-button collapsed" data-bs-toggle="collapse" data-bs-target="#q2" aria-expanded="false">Which cards do you take?</button></h2>
<div id="q2" class="accordion-collapse collapse"><div class="accordion-body"><ul><li>Dankort</li><li>Visa</li></ul></div></div></div></div></main></body></html>`,
		[]string{"How do I reset my password?\nChoose Forgot password", "Which cards do you take?", "Dankort", "Visa"}, []string{"Home"}},
	{"sections of a price page", `<html><body><header class="site-header"><a href="/">Logo</a></header><main><section class="hero"><h1>Plans</h1><p>Pick what suits you.</p></section>
<section><h2>Basic</h2><p>49 EUR a month.</p><ul><li>One seat</li><li>Email help</li></ul></section>
<section><h2>Team</h2><p>149 EUR a month, billed yearly, cancel whenever you like, and keep your data.</p><ul><li>Ten seats</li><li>Phone help</li></ul></section>
<section><h2>Enterprise</h2><p>Ask us for a quote.</p></section></main><footer>Copyright</footer></body></html>`,
		[]string{"Pick what suits you.", "49 EUR a month.", "One seat", "149 EUR", "Phone help", "Enterprise", "Ask us for a quote."}, []string{"Logo", "Copyright"}},
	{"manual with linked headings", `<html><body><div class="sidebar"><ul><li><a href="/a">Setup</a></li><li><a href="/b">Trouble</a></li></ul></div><div class="doc">
<h1>Manual</h1><h2><a href="#on">More on power</a></h2><p>Hold the button for five seconds, until the lamp is green.</p>
<h2><a href="#off">RESET OF THE DEVICE IS EASY</a></h2><p>Hold both buttons for ten seconds, and let go when it beeps.</p>
<div class="tip"><p>Charge the battery first.</p></div><pre class="language-sh">reset --hard</pre></div></body></html>`,
		[]string{"More on power", "five seconds", "RESET OF THE DEVICE", "Charge the battery first.", "reset --hard"}, []string{"Setup", "Trouble"}},
	{"short answer", `<html><body><p>We close on 24 December.</p></body></html>`, []string{"We close on 24 December."}, nil},
	{"short answer among furniture", `<html><body><div class="skip-links"><a href="/#c">Jump over the navigation bar to the content</a></div><div class="breadcrumbs"><a href="/">Home</a> <a href="/h">Help articles</a> <a href="/h/s">Shipping to other countries</a></div>
<div><p>Do you ship to Iceland?</p><p>Yes, we do.</p></div><div id="cookie-notice"><p>This site uses cookies so that we can count visits and show what you looked at last.</p><button>Fine</button></div></body></html>`,
		[]string{"Do you ship to Iceland?", "Yes, we do."}, []string{"Jump", "Help articles", "cookies"}},
	{"policy about cookies", `<html><body><main class="cookie-policy"><h1>Cookies</h1><p>We set two cookies: one for the basket, one for the language.</p></main></body></html>`, []string{"one for the basket"}, nil},
	{"page builder with names that mislead", `<html><body><header class="banner"><a href="/">Café Lys</a></header><div class="elementor"><div class="elementor-widget elementor-widget-heading"><h2>Welcome</h2></div>
<div class="elementor-widget elementor-widget-text-editor"><p>We bake every morning, all year.</p></div><div class="menu-list"><div class="menu-item"><span>Cinnamon bun</span><span>28 kr.</span></div><div class="menu-item"><span>Coffee</span><span>32 kr.</span></div></div>
<div class="hidden md:block"><p>Dogs are welcome on the terrace.</p></div><div class="hidden-xs"><p>We take cards.</p></div><div class="hidden"><p>Old price list.</p></div></div></body></html>`,
		[]string{"Welcome", "We bake every morning", "Cinnamon bun 28 kr.", "Coffee 32 kr.", "Dogs are welcome", "We take cards."}, []string{"Old price list"}},
	{"manual whose sections are named by their headings", `<html><body><main><section id="the-app"><h1>The app</h1><p>It shows what the sensors measure, in every room, at every hour.</p><section id="sharing-a-room"><h2>Sharing a room</h2><p>Open the room and tap Invite.</p></section>
<section id="comments"><h2>Comments</h2><p>Hold a message to comment on it.</p></section><section id="login"><h2>Login</h2><p>Use the code on the box.</p></section></section><div id="related"><h2>See also</h2><ul><li><a href="/x">The web page</a></li></ul></div></main></body></html>`,
		[]string{"Sharing a room", "tap Invite", "Comments", "Hold a message", "Login", "Use the code on the box"}, []string{"See also", "The web page"}},
	{"list of questions and panels hidden from readers' aids", `<html><body><main><h1>Questions</h1><ul class="items"><li><button aria-expanded="false"><span>Can I pay later?</span><span aria-hidden="true">+</span></button><div class="body" aria-hidden="true"><p>Yes, within 30 days.</p></div></li>
<li><h3 role="button" tabindex="0" aria-expanded="false" aria-controls="d2">Do you rent out?</h3><div id="d2" aria-hidden="true" style="height:0;overflow:hidden"><p>Only tents.</p></div></li></ul></main></body></html>`,
		[]string{"Can I pay later?\nYes, within 30 days.", "Do you rent out?\nOnly tents."}, nil},
	{"chapters of questions without main", `<html><body><div class="top"><a href="/">Shop</a><a href="/h">Help</a></div><div class="wrap"><div class="inner"><h1>Questions</h1>
<div class="category"><h2>Orders</h2><div class="items"><div class="item"><div class="q"><span>Can I change an order?</span></div><div class="a"><div><p>Yes, until it is packed, which takes an hour or two.</p></div></div></div><div class="item"><div class="q"><span>Where is my parcel?</span></div><div class="a"><div><p>Follow the number in your mail, or ask the carrier.</p></div></div></div></div></div>
<div class="category"><h2>Payment</h2><div class="items"><div class="item"><div class="q"><span>Which cards do you take?</span></div><div class="a"><div><p>Visa, Dankort, and Mastercard, without a fee, in every country that we send parcels to, and invoices for schools, which we send by mail once a month.</p></div></div></div><div class="item"><div class="q"><span>When do you charge me?</span></div><div class="a"><div><p>When the parcel leaves us, never before, and only for what is in it.</p></div></div></div></div></div>
<div class="category"><h2>Returns</h2><div class="items"><div class="item"><div class="q"><span>How long may I wait?</span></div><div class="a"><div><p>Thirty days, from the day you got it.</p></div></div></div><div class="item"><div class="q"><span>Who pays?</span></div><div class="a"><div><p>We do, in Denmark.</p></div></div></div></div></div></div></div><div class="bottom"><a href="/t">Terms</a><a href="/p">Privacy</a></div></body></html>`,
		[]string{"Orders", "Payment", "Returns", "Can I change an order?", "Yes, until it is packed, which takes an hour or two.", "Where is my parcel?", "Follow the number in your mail, or ask the carrier.", "Which cards do you take?", "Visa, Dankort, and Mastercard, without a fee, in every country that we send parcels to, and invoices for schools, which we send by mail once a month.", "When do you charge me?", "When the parcel leaves us, never before, and only for what is in it.", "How long may I wait?", "Thirty days, from the day you got it.", "Who pays?", "We do, in Denmark."}, []string{"Terms", "Shop"}},
	{"layout tables", `<html><body><table><tr><td><a href="/1">One</a> <a href="/2">Two</a></td></tr><tr><td><table role="presentation"><tr><td><h1>Returns</h1><p>Send it back within 14 days, unused, in its box.</p><p>We refund the price, but not the freight.</p></td></tr></table></td></tr></table></body></html>`,
		[]string{"Send it back within 14 days", "We refund the price"}, nil},
	{"microdata and lists of terms", `<html><body><main><h1>Help</h1><p>What people ask us most often, with our answers.</p>
<div itemscope itemtype="https://schema.org/Question"><h3 itemprop="name">Is it waterproof?</h3><div itemprop="acceptedAnswer"><p itemprop="text">Yes, to ten metres.</p></div></div>
<dl class="faq"><dt>Does it float?</dt><dd>No, it sinks.</dd></dl></main></body></html>`,
		[]string{"Is it waterproof?\nYes, to ten metres.", "Does it float?\nNo, it sinks."}, nil},
	{"feedback and cookies in plain boxes", `<html><body><div class="content"><h1>Refunds</h1><p>Refunds take five days, or ten for cards of other countries.</p><p>You get a mail when the money is sent.</p>
<div><p>Was this helpful?</p><a href="#y">Yes</a></div></div><div style="position:fixed"><p>We use cookies to make the site work. Read our cookie policy.</p><button>Accept</button></div></body></html>`,
		[]string{"Refunds take five days", "You get a mail"}, []string{"Was this helpful", "cookie"}},
}

func TestPagesThatAreNoArticles(t *testing.T) {
	for _, c := range sitePages {
		t.Run(c.name, func(t *testing.T) {
			page, err := ParsePage(context.Background(), Options{URL: "https://shop.example/x"}, []byte(c.page))
			if err != nil {
				t.Fatal(err)
			}
			text := page.Document.PlainText()
			for _, k := range c.keep {
				if !strings.Contains(text, k) {
					t.Errorf("lost %q", k)
				}
			}
			for _, d := range c.drop {
				if strings.Contains(text, d) {
					t.Errorf("kept %q", d)
				}
			}
			if t.Failed() {
				t.Logf("title %q\n%s", page.Document.Title, text)
			}
		})
	}
}
