package charset

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// spoken are texts the models were not made from, with the encodings that
// people write the language in.
var spoken = []struct{ language, encodings, text string }{
	{"da", "windows-1252 iso-8859-15 macintosh ibm850 ibm865", "Kære kunde, din pakke er på vej og bliver leveret i løbet af onsdag. Hører du ikke fra os, så ring gerne til kundeservice, der har åbent hver dag undtagen søndag. Gebyret på 39 kr. trækkes først, når varen forlader vores lager i Århus."},
	{"sv", "windows-1252 iso-8859-15 macintosh ibm850", "Vår kundtjänst är öppen alla vardagar mellan åtta och fem. Du når oss även via formuläret på webbplatsen, där du kan följa ärendet. Återbetalningen sker till samma konto inom tio dagar."},
	{"no", "windows-1252 macintosh ibm850 ibm865", "Kundesenteret vårt er åpent på hverdager, og vi hjelper deg gjerne med å finne fram. Beløpet blir tilbakeført når varen er mottatt på lageret. Nøkkelen følger med i esken."},
	{"fi", "windows-1252 iso-8859-15 ibm850", "Asiakaspalvelumme päivystää arkisin kello yhdeksästä viiteen. Jos tuote on viallinen, lähetämme uuden tilalle mahdollisimman nopeasti. Hyvää päivänjatkoa ja kiitos yhteydenotosta!"},
	{"is", "windows-1252 ibm850", "Þjónustuverið okkar er opið alla virka daga og við reynum að svara öllum fyrirspurnum sem fyrst. Ef varan er gölluð færðu nýja senda heim án þess að greiða fyrir það."},
	{"de", "windows-1252 iso-8859-15 macintosh ibm850 ibm437", "Unser Kundendienst ist werktags von neun bis achtzehn Uhr für Sie da. Fällt das Gerät während der Gewährleistung aus, übernehmen wir selbstverständlich die Kosten für die Rücksendung. Bitte prüfen Sie zunächst, ob der Schlüssel passt und das Schloss schließt. Schöne Grüße aus München!"},
	{"fr", "windows-1252 iso-8859-15 macintosh ibm850", "Notre service clientèle est joignable du lundi au vendredi. Si l'appareil tombe en panne pendant la durée de la garantie, les frais de retour sont à notre charge. Veuillez d'abord vérifier que la clé est bien insérée et que le numéro a été communiqué à l'agent concerné. À bientôt !"},
	{"es", "windows-1252 iso-8859-15 macintosh ibm850", "Nuestro servicio de atención al cliente está disponible de lunes a viernes. Si el aparato se avería durante el período de garantía, nos haremos cargo de los gastos de devolución. ¿Todavía no funciona? Llámenos mañana por la mañana y le enseñaremos cómo solucionarlo."},
	{"pt", "windows-1252 iso-8859-15 macintosh ibm850 ibm860", "O nosso serviço de apoio está disponível nos dias úteis. Se o aparelho avariar durante o período de garantia, suportamos as despesas de devolução. Não conseguiu resolver a questão? Fale connosco amanhã de manhã e ajudá-lo-emos com as instruções."},
	{"it", "windows-1252 iso-8859-15 macintosh ibm850", "Il nostro servizio clienti è disponibile dal lunedì al venerdì. Se il guasto si verifica durante la garanzia, le spese saranno a nostro carico. Non funziona più? Ci chiami: la aiuteremo così com'è giusto. La qualità è la nostra priorità."},
	{"nl", "windows-1252 iso-8859-15", "Onze klantenservice is op werkdagen bereikbaar. Gaat het apparaat binnen de garantietermijn kapot, dan betalen wij de kosten. Neem contact op met één van onze medewerkers in België of lees de geïllustreerde handleiding; ideeën zijn welkom."},
	{"tr", "windows-1254 iso-8859-9", "Müşteri hizmetlerimiz hafta içi her gün açıktır. Cihaz garanti süresi içinde bozulursa iade masraflarını biz karşılıyoruz. Önce anahtarın doğru takılıp takılmadığını kontrol ediniz. Teşekkür eder, iyi günler dileriz; görüşmek üzere!"},
	{"pl", "windows-1250 iso-8859-2 ibm852", "Nasz dział obsługi klienta jest czynny w dni powszednie. Jeżeli urządzenie zepsuje się w okresie gwarancji, pokryjemy koszty zwrotu. Najpierw sprawdź, czy klucz jest właściwie włożony. Dziękujemy za cierpliwość i życzymy miłego dnia!"},
	{"cs", "windows-1250 iso-8859-2 ibm852", "Naše zákaznická podpora je dostupná každý všední den. Pokud se přístroj porouchá v záruční době, náklady na vrácení uhradíme my. Nejprve prosím zkontrolujte, zda je klíč správně zasunutý. Děkujeme za trpělivost a přejeme hezký den!"},
	{"sk", "windows-1250 iso-8859-2 ibm852", "Naša zákaznícka podpora je dostupná každý pracovný deň. Ak sa prístroj pokazí počas záruky, náklady na vrátenie uhradíme my. Najprv skontrolujte, či je kľúč správne zasunutý. Ďakujeme za trpezlivosť a želáme pekný deň!"},
	{"hu", "windows-1250 iso-8859-2 ibm852", "Ügyfélszolgálatunk minden munkanapon elérhető. Ha a készülék a jótállási idő alatt meghibásodik, a visszaküldés költségeit mi álljuk. Először ellenőrizze, hogy a kulcs megfelelően illeszkedik-e. Köszönjük türelmét, és további szép napot kívánunk!"},
	{"hr", "windows-1250 iso-8859-2 ibm852", "Naša služba za korisnike dostupna je svakim radnim danom. Ako se uređaj pokvari u jamstvenom roku, troškove povrata snosimo mi. Najprije provjerite je li ključ ispravno umetnut. Hvala na strpljenju i želimo vam ugodan dan, gospođo!"},
	{"sl", "windows-1250 iso-8859-2 ibm852", "Naša služba za pomoč uporabnikom je dosegljiva vsak delovni dan. Če se naprava pokvari v garancijskem roku, stroške vračila krijemo mi. Najprej preverite, ali je ključ pravilno vstavljen. Želimo vam prijeten dan!"},
	{"ro", "windows-1250 iso-8859-2 ibm852", "Serviciul nostru pentru clienţi este disponibil în fiecare zi lucrătoare. Dacă aparatul se defectează în perioada de garanţie, cheltuielile de returnare sunt suportate de noi. Verificaţi mai întâi dacă cheia este introdusă corect. Vă mulţumim pentru răbdare şi vă dorim o zi bună!"},
	{"ro-comma", "iso-8859-16", "Serviciul nostru pentru clienți este disponibil în fiecare zi lucrătoare. Dacă aparatul se defectează în perioada de garanție, cheltuielile de returnare sunt suportate de noi. Vă mulțumim pentru răbdare și vă dorim o zi bună!"},
	{"et", "windows-1257 iso-8859-13 iso-8859-4", "Meie klienditeenindus on avatud igal tööpäeval. Kui seade läheb garantiiajal rikki, katame tagastamise kulud meie. Kõigepealt kontrollige, kas võti on õigesti sisestatud. Täname kannatlikkuse eest ja soovime ilusat päeva!"},
	{"lv", "windows-1257 iso-8859-13 iso-8859-4", "Mūsu klientu apkalpošanas centrs strādā katru darba dienu. Ja ierīce sabojājas garantijas laikā, atgriešanas izmaksas sedzam mēs. Vispirms pārbaudiet, vai atslēga ir pareizi ievietota. Paldies par pacietību, un lai jums jauka diena!"},
	{"lt", "windows-1257 iso-8859-13 iso-8859-4", "Mūsų klientų aptarnavimo skyrius dirba kiekvieną darbo dieną. Jeigu prietaisas sugenda garantiniu laikotarpiu, grąžinimo išlaidas apmokame mes. Pirmiausia patikrinkite, ar raktas teisingai įstatytas. Dėkojame už kantrybę ir linkime gražios dienos!"},
	{"mt", "iso-8859-3", "Is-servizz tal-klijenti tagħna huwa miftuħ kuljum. Jekk l-apparat jieqaf jaħdem waqt il-garanzija, l-ispejjeż inħallsuhom aħna. L-ewwel iċċekkja jekk iċ-ċavetta hijiex imdaħħla sewwa. Grazzi ħafna u l-ġurnata t-tajba!"},
	{"eo", "iso-8859-3", "Nia klientservo estas malfermita ĉiutage. Se la aparato paneas dum la garantia tempo, ni mem pagas la kostojn. Unue kontrolu, ĉu la ŝlosilo estas ĝuste enmetita. Dankon pro via pacienco, kaj ĝis baldaŭ!"},
	{"cy", "iso-8859-14", "Mae ein gwasanaeth cwsmeriaid ar agor bob dydd. Os bydd y ddyfais yn torri yn ystod y cyfnod gwarant, ni fydd yn talu'r costau. Diolch am eich amynedd; cewch ddŵr poeth yn y tŷ erbyn nos, a bydd y gŵr yn galw."},
	{"ru", "windows-1251 koi8-r iso-8859-5 ibm866 ibm855 x-mac-cyrillic", "Наша служба поддержки работает ежедневно. Если прибор сломается в течение гарантийного срока, расходы на возврат мы берём на себя. Сначала проверьте, правильно ли вставлен ключ. Спасибо за терпение, хорошего вам дня!"},
	{"uk", "windows-1251 koi8-u iso-8859-5 x-mac-cyrillic", "Наша служба підтримки працює щодня. Якщо пристрій зламається протягом гарантійного терміну, витрати на повернення ми беремо на себе. Спочатку перевірте, чи правильно вставлено ключ. Дякуємо за терпіння, гарного вам дня, її відповідь є!"},
	{"be", "windows-1251 iso-8859-5", "Наша служба падтрымкі працуе штодня. Калі прылада зламаецца на працягу гарантыйнага тэрміну, выдаткі на вяртанне мы бяром на сябе. Спачатку праверце, ці правільна ўстаўлены ключ. Дзякуй за цярплівасць!"},
	{"bg", "windows-1251 iso-8859-5 ibm866 x-mac-cyrillic", "Нашият отдел за обслужване на клиенти работи всеки ден. Ако уредът се повреди в рамките на гаранцията, разходите за връщане са за наша сметка. Първо проверете дали ключът е поставен правилно. Благодарим за търпението!"},
	{"sr", "windows-1251 iso-8859-5 ibm855 x-mac-cyrillic", "Наша служба за кориснике ради сваког дана. Ако се уређај поквари у гарантном року, трошкове враћања сносимо ми. Најпре проверите да ли је кључ исправно уметнут. Хвала на стрпљењу и желимо вам пријатан дан!"},
	{"mk", "windows-1251 iso-8859-5", "Нашата служба за корисници работи секој ден. Ако уредот се расипе во гарантниот рок, трошоците за враќање ги покриваме ние. Прво проверете дали клучот е правилно вметнат. Ви благодариме на трпението и ви посакуваме убав ден!"},
	{"el", "windows-1253 iso-8859-7", "Η εξυπηρέτηση πελατών μας είναι ανοιχτή κάθε μέρα. Αν η συσκευή χαλάσει κατά τη διάρκεια της εγγύησης, τα έξοδα επιστροφής βαρύνουν εμάς. Ελέγξτε πρώτα αν το κλειδί έχει μπει σωστά. Ευχαριστούμε για την υπομονή σας!"},
	{"he", "windows-1255 iso-8859-8 ibm862", "שירות הלקוחות שלנו פתוח בכל יום. אם המכשיר יתקלקל בתקופת האחריות, נישא אנחנו בעלויות ההחזרה. תחילה בדקו אם המפתח הוכנס כראוי. תודה על הסבלנות והמשך יום נעים!"},
	{"ar", "windows-1256 iso-8859-6", "خدمة العملاء لدينا متاحة كل يوم. إذا تعطل الجهاز خلال فترة الضمان فإننا نتحمل تكاليف الإرجاع. تحقق أولا من أن المفتاح موضوع بشكل صحيح. شكرا لصبركم ونتمنى لكم يوما سعيدا!"},
	{"th", "windows-874", "ฝ่ายบริการลูกค้าของเราเปิดทุกวัน หากเครื่องเสียในช่วงรับประกัน เราจะรับผิดชอบค่าใช้จ่ายในการส่งคืน โปรดตรวจสอบก่อนว่าเสียบกุญแจถูกต้องหรือไม่ ขอบคุณที่อดทนรอ"},
	{"vi", "windows-1258", "Bộ phận chăm sóc khách hàng của chúng tôi mở cửa mỗi ngày. Nếu máy bị hỏng trong thời gian bảo hành, chúng tôi chịu chi phí gửi trả. Trước hết hãy kiểm tra xem chìa khóa đã được lắp đúng chưa. Cảm ơn bạn đã kiên nhẫn chờ đợi!"},
	{"ja", "shift_jis euc-jp iso-2022-jp", "お客様サポートは毎日受け付けております。保証期間中に機器が故障した場合、返送料は当社が負担いたします。まず鍵が正しく差し込まれているかご確認ください。"},
	{"zh", "gb18030 hz-gb-2312 gbk", "我们的客户服务每天开放。如果设备在保修期内出现故障，退货费用由我们承担。请先检查钥匙是否插好。感谢您的耐心等待！"},
	{"zh-Hant", "big5", "我們的客戶服務每天開放。如果設備在保固期內故障，退貨費用由我們承擔。請先檢查鑰匙是否插好。感謝您耐心等候！"},
	{"ko", "euc-kr", "고객 지원 센터는 매일 운영됩니다. 보증 기간 중에 기기가 고장 나면 반송 비용은 저희가 부담합니다. 먼저 열쇠가 제대로 꽂혀 있는지 확인해 주세요."},
}

func encodingOf(t *testing.T, label string) encoding.Encoding {
	t.Helper()
	for _, c := range singleBytes {
		if c.label == label {
			return c.table
		}
	}
	enc := map[string]encoding.Encoding{
		"shift_jis": japanese.ShiftJIS, "euc-jp": japanese.EUCJP, "iso-2022-jp": japanese.ISO2022JP, "euc-kr": korean.EUCKR,
		"gb18030": simplifiedchinese.GB18030, "gbk": simplifiedchinese.GBK, "hz-gb-2312": simplifiedchinese.HZGB2312,
		"big5": traditionalchinese.Big5, "iso-8859-9": nil,
		"utf-16le": utf16LE, "utf-16be": utf16BE, "utf-32le": utf32LE, "utf-32be": utf32BE,
	}[label]
	if enc == nil {
		enc, _ = lookup(label)
	}
	if enc == nil {
		t.Fatalf("no encoding %q", label)
	}
	return enc
}

func TestEveryLanguageIsReadInTheEncodingsItIsWrittenIn(t *testing.T) {
	all, wrong := 0, 0
	var failed []string
	for _, s := range spoken {
		labels := append(strings.Fields(s.encodings), "utf-16le", "utf-16be", "utf-32le", "utf-32be")
		text := s.text
		if s.language == "vi" {
			text = splitTones(text)
		}
		for _, label := range labels {
			enc := encodingOf(t, label)
			data, err := encoding.ReplaceUnsupported(enc.NewEncoder()).Bytes([]byte(text))
			if err != nil {
				t.Fatalf("%s in %s: %v", s.language, label, err)
			}
			want, err := enc.NewDecoder().Bytes(data)
			if err != nil {
				t.Fatal(err)
			}
			all++
			if got, as, err := Decode(data, ""); err != nil || got != string(want) {
				wrong++
				failed = append(failed, s.language+" in "+label+" as "+as)
			}
		}
	}
	slices.Sort(failed)
	t.Logf("%d of %d read identically", all-wrong, all)
	if wrong*100 > all*3 {
		t.Errorf("%d of %d read wrongly:\n%s", wrong, all, strings.Join(failed, "\n"))
	} else if wrong > 0 {
		t.Logf("read wrongly: %s", strings.Join(failed, "; "))
	}
}

func BenchmarkDecode(b *testing.B) {
	ru := strings.Repeat(spoken[26].text+"\n", 3000)
	encode := func(label string) []byte {
		for _, c := range singleBytes {
			if c.label == label {
				out, err := encoding.ReplaceUnsupported(c.table.NewEncoder()).Bytes([]byte(ru))
				if err != nil {
					b.Fatal(err)
				}
				return out
			}
		}
		b.Fatal("no encoding", label)
		return nil
	}
	ja, err := japanese.ShiftJIS.NewEncoder().Bytes([]byte(strings.Repeat(spoken[37].text+"\n", 3000)))
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name string
		data []byte
	}{
		{"utf-8", []byte(ru)},
		{"ascii", []byte(strings.Repeat("The parcel is on its way to you.\n", 20000))},
		{"windows-1251", encode("windows-1251")},
		{"shift_jis", ja},
		{"short windows-1251", encode("windows-1251")[:400]},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.data)))
			b.ReportAllocs()
			for range b.N {
				if _, _, err := Decode(c.data, ""); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
