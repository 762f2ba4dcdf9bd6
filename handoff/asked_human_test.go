package handoff

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

func ExampleAskedHuman() {
	trigger := AskedHuman()
	for _, text := range []string{
		"I want to talk to a human!",
		"Jeg vil gerne tale med en medarbejder",
		"Ich möchte mit einem Menschen sprechen.",
		"Is this made for human use?",
	} {
		signal := trigger.Check(context.Background(), Situation{Text: text})
		fmt.Println(signal.Urgency == Now, signal.Detail)
	}
	// Output:
	// true talk to a human
	// true tale med en medarbejder
	// true mit einem menschen sprechen
	// false
}

func TestAskedHumanHearsRequests(t *testing.T) {
	trigger := AskedHuman()
	for language, list := range map[string]string{"en": askedEnglish, "da": askedDanish, "de": askedGerman} {
		for _, text := range lines(list) {
			for _, form := range []string{text, strings.ToUpper(text), "Hello. " + text, strings.ReplaceAll(text, "'", "’"), "\"" + text + "\" …"} {
				got := trigger.Check(t.Context(), Situation{Text: form, Language: language})
				if got.Urgency != Now || got.Reason != AskedForHuman || got.Detail == "" {
					t.Errorf("%s: %q is not heard: %+v", language, form, got)
				}
			}
		}
	}
}

func TestAskedHumanLeavesOtherTalkAlone(t *testing.T) {
	trigger := AskedHuman()
	for language, list := range map[string]string{"en": otherEnglish, "da": otherDanish, "de": otherGerman} {
		for _, text := range lines(list) {
			for _, s := range []Situation{{Text: text}, {Text: strings.ToUpper(text)}, {Text: text, Offered: true}} {
				if got := trigger.Check(t.Context(), s); got != (Signal{}) {
					t.Errorf("%s: %q (offered %v) sets off: %+v", language, s.Text, s.Offered, got)
				}
			}
		}
	}
}

func TestAskedHumanReadsLettersHoweverTyped(t *testing.T) {
	trigger := AskedHuman()
	for _, text := range []string{
		"Ich hätte gern einen Menschen", "Ich haette gern einen Menschen", "Ich ha\u0308tte gern einen Menschen",
		"Jeg vil tale med en rådgiver", "Jeg vil tale med en raadgiver", "Jeg vil tale med en ra\u030adgiver",
		"talk\u00a0to  a\tHUMAN", "Talk to—a human", "i dont want to talk to a bot", "I don’t want to talk to a bot",
	} {
		if got := trigger.Check(t.Context(), Situation{Text: text}); got.Urgency != Now {
			t.Errorf("%q is not heard", text)
		}
	}
}

func TestAskedHumanTakesConsentOnlyToAnOffer(t *testing.T) {
	trigger := AskedHuman()
	for _, text := range lines(consent) {
		if got := trigger.Check(t.Context(), Situation{Text: text, Offered: true}); got.Urgency != Now || got.Reason != AskedForHuman {
			t.Errorf("%q does not accept the offer", text)
		}
		if got := trigger.Check(t.Context(), Situation{Text: text}); got != (Signal{}) {
			t.Errorf("%q sets off though nothing was offered: %+v", text, got)
		}
	}
	for _, text := range lines(noConsent) {
		if got := trigger.Check(t.Context(), Situation{Text: text, Offered: true}); got != (Signal{}) {
			t.Errorf("%q is taken for consent: %+v", text, got)
		}
	}
}

func lines(s string) []string { return strings.Split(strings.TrimSpace(s), "\n") }

func BenchmarkAskedHuman(b *testing.B) {
	trigger := AskedHuman()
	miss := strings.Repeat("Where is my parcel? I ordered it on the 3rd and it still has not come. ", 4)
	for _, bench := range []struct{ name, text string }{{"miss", miss}, {"hit", miss + "I want to talk to a human"}} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(bench.text)))
			for b.Loop() {
				trigger.Check(b.Context(), Situation{Text: bench.text})
			}
		})
	}
	for language, text := range map[string]string{
		"ru": "Где моя посылка? Я заказал её третьего числа, и она до сих пор не пришла. ",
		"zh": "我的包裹在哪里？我三号下的单，到现在还没有收到。",
		"th": "พัสดุของฉันอยู่ที่ไหน ฉันสั่งไปเมื่อวันที่สามแล้วยังไม่ได้รับเลย ",
	} {
		b.Run("miss/"+language, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				trigger.Check(b.Context(), Situation{Text: text})
			}
		})
	}
	b.Run("construct", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			AskedHuman()
		}
	})
}

const (
	askedEnglish = `
I'd like to speak to a human being.
Please let me talk to an actual person
can you put me in touch with someone
put me in contact with a person
I want to speak with your manager
I want to complain to a real person
Could you get someone to call me?
How can I reach a human?
how do i get hold of a real person
how do I contact a human agent
I need help from a real person
Can a human help me?
Can I get a human on here
let me chat to a person not a bot
stop. human.
Can I chat with a live person?
I would like to be transferred to an agent
I'd like to be connected with a representative
hi, agent please
Hello, can I talk to a real human?
i demand to speak to a manager
Can you forward this to a colleague?
I need to talk to customer support
I want human support
How do I talk to a human?
I want to talk to a human
talk to a human
Can I speak to a real person please?
can i chat with someone?
I'd like to speak with someone from your team
Let me talk to somebody
Could I please talk to an agent about my order
I need to speak to a customer service representative
i wanna talk to customer service
Please connect me to a human
Transfer me to an operator now
put me through to your support team
pass me on to a colleague
Get me a human
I want a human, not a bot
Human please
human
Agent
a real person
real human please
live agent
Is there a real person I can talk to?
is there anyone I can speak to about this
I don't want to talk to a bot
I'm tired of talking to this robot
I am sick of this bot, can I talk to a person?
Can't I talk to a human?
Can I not just talk to a human?
Why can I not speak to a person?
It does not work. I want to talk to a human
it doesn't work, let me speak to an agent
No, I want to talk to a human
I would rather talk to someone
I'd prefer speaking to a person
Is there any chance of speaking to a human?
can you escalate this to a manager?
Please have someone call me
I need human assistance
speak to a supervisor`

	askedDanish = `
Jeg vil gerne i kontakt med en person
Kan jeg få en medarbejder til at hjælpe mig?
Må jeg få et menneske i røret
jeg vil snakke med en fra kundeservice
kan du give mig en rigtig medarbejder
Kan jeg blive ringet op af en medarbejder?
Jeg vil gerne videre til en medarbejder
få mig videre til en person
Kan du sende mig videre?
Er der en medarbejder jeg kan skrive med?
Jeg vil gerne tale med en i kundeservice
Lad mig tale med et menneske
Hej, jeg vil gerne snakke med en af jer
Kan I ringe til mig?
Kan jeg skrive til et rigtigt menneske
Jeg vil tale med et menneske
jeg vil gerne snakke med en rigtig person
Kan jeg tale med en medarbejder?
kan jeg skrive med en fra jer?
Må jeg tale med kundeservice, tak
Jeg vil gerne tale med nogen om min ordre
Er der et menneske, jeg kan tale med?
er der nogen jeg kan snakke med
Stil mig om til en medarbejder
Kan I stille mig videre?
Send mig videre til en kollega
kan du viderestille mig
Jeg vil gerne stilles om til en konsulent
Jeg vil hellere have et menneske
giv mig et rigtigt menneske
Jeg vil ikke tale med en robot
jeg gider ikke snakke med en chatbot
Jeg er træt af den her bot
menneske tak
Menneske
En rigtig person, tak!
medarbejder
Hvordan får jeg fat i et menneske?
Kan jeg komme i kontakt med en medarbejder?
Kan jeg ikke tale med et menneske?
Hvorfor kan jeg ikke snakke med en person
Det virker ikke, jeg vil tale med et menneske
Det virker ikke jeg vil tale med en medarbejder
Nej, jeg vil tale med et menneske
jeg har brug for menneskelig hjælp
Jeg vil gerne tale med jeres chef
tal med en rådgiver
jeg ønsker at blive kontaktet af en medarbejder`

	askedGerman = `
Ich will einen Menschen sprechen!
Kann ich bitte mit einem echten Mitarbeiter sprechen
Gibt es hier einen Menschen mit dem ich reden kann
Ich möchte gerne mit jemandem vom Kundenservice sprechen
Wie erreiche ich einen Mitarbeiter?
Bitte verbinden Sie mich mit einem Menschen.
Kann mir ein Mensch helfen?
Ich will einen echten Menschen
Ich brauche einen Mitarbeiter
Leite mich bitte an einen Menschen weiter
mit Mensch reden
Kann ich mit deinem Chef sprechen?
Ich möchte mit euch telefonieren
Lassen Sie mich mit einem Menschen sprechen
Bitte lass mich mit jemandem reden
Ich möchte mit einem Menschen sprechen
ich will mit einem echten Menschen reden
Kann ich mit jemandem sprechen?
Kann ich mit jemandem aus dem Team chatten?
Ich würde gerne mit einer richtigen Person schreiben
Ich möchte bitte mit einem Mitarbeiter über meine Bestellung sprechen
Können Sie mich mit einem Mitarbeiter verbinden?
Verbinden Sie mich bitte mit dem Kundenservice
Bitte leiten Sie mich weiter
Können Sie mich bitte weiterleiten?
kannst du mich durchstellen
Ich möchte mit dem Kundendienst verbunden werden
Ich möchte an einen Mitarbeiter weitergeleitet werden
Ich möchte einen Menschen sprechen
Ich hätte gern einen Ansprechpartner
Geben Sie mir einen Menschen
Gibt es jemanden, mit dem ich sprechen kann?
einen Menschen bitte
Mitarbeiter bitte
Mensch
Mitarbeiter
Echter Mensch bitte!
Ich will nicht mit einem Bot sprechen
Ich möchte nicht mit einer Maschine reden
ich rede mit keinem Bot, ich will mit keinem Roboter chatten
Kann ich nicht mit einem Menschen sprechen?
Warum kann ich nicht mit einer Person reden
Das funktioniert nicht, ich möchte mit einem Menschen sprechen
Nein, ich möchte mit einem Menschen sprechen
Ich brauche menschliche Hilfe
Ich will mit Ihrem Vorgesetzten sprechen
Bitte mit einem Berater verbinden`

	otherEnglish = `
Can I speak English here?
Does the box talk to my phone?
I need a person to sign for the parcel?
Can I connect it to another device?
Do staff get a discount?
Can someone else pick it up?
Who can pick up my parcel?
Is the human hair wig real?
How do I become a customer service representative?
What does a support agent earn at your company?
Can my dog talk to people
I want to connect to your wifi
The live agent was rude yesterday
Can you send me the invoice over email
Pass it to me
Is this made for human use?
Can a human eat it?
Is the helmet human-sized?
Are you human?
Are you a real person?
Am I talking to a human?
Am I speaking to a real person or a bot?
I am not a robot, why do I see the captcha
I don't want to talk to a human
I don't want to talk to a human please
I do not need to speak to an agent
I'd rather not talk to a person
Can I cancel without having to talk to a human?
Do I have to talk to a human to get a refund?
Do I need to speak to an agent to cancel?
Is there no bot protection?
How much is it per person please
Tickets are 20 per person. Please advise
What is the weight of one person?
Is it human? Please tell me
Which travel agent do you use?
Does a user agent matter?
What does your staff discount cover?
I talked about a human
How do I connect my phone to the bike?
Can I transfer the booking to another date?
speak to textbooks`

	otherDanish = `
Kan I sende mig en kvittering videre på mail?
Hvor mange personer kan sidde i den?
Kan en person under 18 leje?
Sender I videre til Sverige?
Er der personlig betjening i butikken?
Hvad tjener en medarbejder hos jer?
Søger I medarbejdere?
Jeg har talt med en medarbejder som lovede mig en refusion
Kan man skrive en anmeldelse
Kontakt os
Kan et menneske spise det?
Er det lavet til mennesker?
Hvor mange mennesker kan den bære?
Er du et menneske?
Taler jeg med et menneske?
Er det en rigtig person på billedet?
Hvad koster det pr. person, tak
Jeg er ikke en robot
Hvordan stiller jeg uret om til sommertid?
Urene stilles om til sommertid
Jeg vil ikke tale med et menneske
Jeg behøver ikke at tale med en medarbejder
Skal jeg tale med en medarbejder for at annullere?
Kan jeg opsige uden at tale med en medarbejder?
Kan I sende mig en faktura?
Kan jeg sende pakken videre?
Gælder rabatten for medarbejdere?
Har I en robotplæneklipper?
Må min søn på 12 leje en cykel?`

	otherGerman = `
Wie viel kostet eine Person extra?
Kann ich das mit einer Karte bezahlen?
Können Sie mich über neue Angebote informieren?
Können Sie mir den Link schicken?
Suchen Sie Mitarbeiter?
Ich habe gestern mit einem Mitarbeiter gesprochen
Kann ich die Jacke mit einem Team Logo bestellen?
Kann ich mit einer Person teilen?
Wie kann ich das Gerät mit dem Handy verbinden?
Gibt es eine persönliche Beratung im Laden?
Haben Sie einen Service für Räder?
Ich brauche einen Service für mein Rad
Kann ein Mensch das essen?
Ist das für Menschen gemacht?
Wie viele Menschen trägt das Rad?
Bist du ein Mensch?
Spreche ich mit einem Menschen?
Rede ich hier mit einer echten Person?
Ist das eine echte Person auf dem Bild?
Was kostet es pro Person bitte
Ich bin kein Roboter
Ich möchte nicht mit einem Menschen sprechen
Muss ich mit einem Mitarbeiter sprechen, um zu stornieren?
Kann ich kündigen, ohne mit einem Mitarbeiter zu sprechen?
Wie kann ich mich mit dem WLAN verbinden?
Kann mein Paket weitergeleitet werden?
Können Sie mir die Rechnung schicken?
Gilt der Rabatt für Mitarbeiter?
Haben Sie einen Mähroboter?
Was macht Ihr Team im Winter?`

	consent = `
yes
Yes!
Yes please
yes, that would be great
Sure
ok
OK, thanks
yes, please pass me on
Please do
Ja
ja tak
Ja, meget gerne
Gerne!
jo tak
Det må du gerne
ja det lyder godt
JA BITTE
ja gerne
Ja, das wäre nett
Gern
Ja, bitte leiten Sie weiter
👍
👍🏽`

	noConsent = `
no
No thanks
please don't
ok no thanks
yes but not now
Is that ok?
ok and how much is it
ok, how much?
yesterday
maybe
thanks
?
nej
nej tak
Nej, ikke nu
tak
ja men ikke nu
jeg vil gerne vide mere
jamen hvad koster det
nein
nein danke
bitte nicht
danke
ja, aber was kostet es?
jaguar
👎`
)
