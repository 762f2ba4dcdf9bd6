package charset

import (
	"sync"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

var (
	gb18030    encoding.Encoding = simplifiedchinese.GB18030
	hzEncoding encoding.Encoding = simplifiedchinese.HZGB2312
)

// multiByte is one candidate of two and more bytes a character.
type multiByte struct {
	label  string
	enc    encoding.Encoding
	common func(*eastModel) map[rune]struct{}
	// foreign tells characters that texts in the encoding's language lack.
	foreign func(r rune) bool
}

var multiBytes = []multiByte{
	{"shift_jis", japanese.ShiftJIS, func(m *eastModel) map[rune]struct{} { return m.japanese }, isHalfKana},
	{"euc-jp", japanese.EUCJP, func(m *eastModel) map[rune]struct{} { return m.japanese }, isHalfKana},
	{"euc-kr", korean.EUCKR, func(m *eastModel) map[rune]struct{} { return m.korean }, isKana},
	{"gb18030", gb18030, func(m *eastModel) map[rune]struct{} { return m.simplified }, isKana},
	{"big5", traditionalchinese.Big5, func(m *eastModel) map[rune]struct{} { return m.traditional }, isKana},
}

func isKana(r rune) bool {
	return r >= 0x3041 && r <= 0x30fe && r != '・' || r >= 0x3130 && r < 0x3190
}

func isHalfKana(r rune) bool { return r >= 0xff61 && r <= 0xff9f }

// Shares of frequent characters from which a reading is believed: at once, and
// when no single-byte reading is good.
const (
	multiCertain = 0.28
	multiLikely  = 0.12
)

type eastModel struct {
	japanese, korean, simplified, traditional, all map[rune]struct{}
}

var east = sync.OnceValue(func() *eastModel {
	m := &eastModel{}
	m.all = map[rune]struct{}{}
	set := func(texts ...string) map[rune]struct{} {
		s := map[rune]struct{}{}
		for _, t := range texts {
			for _, r := range t {
				s[r] = struct{}{}
				m.all[r] = struct{}{}
			}
		}
		return s
	}
	m.japanese = set(commonKana, commonKanji)
	m.korean = set(commonHangul)
	m.simplified = set(commonHan, commonSimplified)
	m.traditional = set(commonHan, commonTraditional)
	return m
})

// commonEast tells the most frequent characters of Chinese, Japanese and Korean.
func commonEast(r rune) bool {
	_, ok := east().all[r]
	return ok
}

// guessMulti returns the multi-byte encoding in which most characters outside
// ASCII are frequent ones, and how large a share that is.
func guessMulti(data []byte) (enc encoding.Encoding, label string, share float64) {
	head := multiSample(data)
	m := east()
	for i := range multiBytes {
		c := &multiBytes[i]
		if s := c.share(head, m); s > share {
			enc, label, share = c.enc, c.label, s
		}
	}
	return enc, label, share
}

// multiSample returns the part of data to look at, from the line before the
// first byte outside ASCII, so that no character is cut in two at its start.
func multiSample(data []byte) []byte {
	first := 0
	for first < len(data) && data[first] < utf8.RuneSelf {
		first++
	}
	return data[first:min(len(data), first+sampleSize/4)]
}

func (c *multiByte) share(head []byte, m *eastModel) float64 {
	out, err := c.enc.NewDecoder().Bytes(head)
	if err != nil {
		return 0
	}
	common := c.common(m)
	all, good, bad := 0, 0, 0
	for _, r := range string(out) {
		if r < utf8.RuneSelf {
			continue
		}
		all++
		switch {
		case r == utf8.RuneError || r >= 0xe000 && r < 0xf900 || r < 0xa0:
			bad++
		case c.foreign(r):
			bad++
		case isEastMark(r):
			// Marks are shared by all these encodings and tell nothing.
			all--
		default:
			if _, ok := common[r]; ok {
				good++
			}
		}
	}
	// The last character may be cut by the end of the sample.
	if all == 0 || (bad-1)*20 > all {
		return 0
	}
	if all < 12 {
		// One frequent character among few may be chance.
		good--
	}
	return float64(good-2*max(bad-1, 0)) / float64(all)
}

func isEastMark(r rune) bool {
	return r >= 0x3000 && r < 0x3020 || r >= 0xff00 && r < 0xff61 || r >= 0x2010 && r < 0x2040 || r == '・' || r == '·'
}

const commonKana = "あいうえおかがきぎくぐけげこごさざしじすずせぜそぞただちぢっつづてでとどなにぬねのはばぱひびぴふぶぷへべぺほぼぽまみむめもゃやゅゆょよらりるれろわをん" +
	"ァアィイゥウェエォオカガキギクグケゲコゴサザシジスズセゼソゾタダチヂッツヅテデトドナニヌネノハバパヒビピフブプヘベペホボポマミムメモャヤュユョヨラリルレロワヲンヴー々"

const commonKanji = "日一人年大十二本中長出三時行見月後前生五間上東四今金九入学高円子外八六下来気小七山話女北午百書先名川千水半男西電校語土木聞食車何南万毎白天母火右読友左休父雨" +
	"会同事自社発者地業方新場員立開手力問代明動京目通言理体田主題意不作用度強公持野以思家世多正安院心界教文元重近考画海売知道集別物使品計死特私始朝運終台広住無真有口少町料工建空急止送切転研足究楽起着店病質待試族銀早映親験英医仕去味写字答夜音注帰古歌買悪図週室歩風紙黒花春赤青館屋色走秋夏習駅洋旅服夕借曜飲肉貸堂鳥飯勉冬昼茶弟牛魚兄犬妹姉漢" +
	"政議民連対部合市内相定回選米実関決全表戦経最現調化当約首法性要制治務成期取都和機平加受続進数記初指権支産点報済活原共得解交資予向際勝面告反判認参利組信在件側任引求所次昨論官増係感情投示変打直両式確果容必演歳争談能位置流格疑過局放常状球職与供役構割身費付由説難優夫収断石違消神番規術備宅害配警育席訪乗残想声念助労例然限追商葉伝働形景落好退頭負渡失差末守若種美命福望非観察段横深申様財港識呼達良候程満敗値突光路科積他処太客否師登易速存飛殺号単座破除完降責捕危給苦迎園具辞因馬愛富彼未舞亡冷適婦寄込顔類余王返妻背熱宿薬険頼覚船途許抜便留罪努精散静婚喜浮絶幸押倒等老曲払庭徒勤遅居雑招困欠更刻賛抱犯恐息遠戻願絵越欲痛笑互束似列探逃遊迷夢君閉緒折草暮酒悲晴掛到寝暗盗吸陽御歯忘雪吹娘誤洗慣礼窓昔貧怒泳祖杯疲皆鳴腹煙眠怖耳頂箱晩寒髪忙才靴恥偶偉猫幾"

const commonHangul = "이다는의에을가고하지한도로은기를사시어서나인자니대정아있보들리그일으수부전해장게라과여와제상면주구동원오되세적경만스들성관간공신유생미조문방연국중용물계비소식등선본모무거마내했내던습때것위음야당입회저우화차산학분개행발체단치립실력진반할교안통명말러직심" +
	"까현재외금년월더같양설운임며또및않려져각갈감강객건격결곳권그글급긴길김날남너넘노높느늘능달담답데독된두드따딸람래량록료류르른름림맞매며명몇못므민바받배번법변별복북불브빠새색석속손송술승싶씨알애약얼업없에였열영예온올왕요욕움워원월육율은응의잘작잡적절점접정종좋죄준즈증질집째책천철청체초최추출충취타터토투트특파판편평포표품프필하합항향험형호혹확활황효후흐히" +
	"갔갖겠겨곤광궁귀근끼난됐떤떻럼렇롭루먼메묘밀봐봉빛뿐살삼센쓰악앞액야억언엄에엔왔왜웃으읽잔있짓짜쪽찬찾참창컴컨크큰키킬탁탈태텔팀패페폭피학할핵허혀혼환훈휴힘"

// commonHan are frequent characters that both ways of writing Chinese share.
const commonHan = "的一是不了在人有我他大中到上地生子就年和要出也而得那多以下自之可小然天作日本成心前所事方用面部行法月分全同如其正公意入主明高光力文二三四五六七八九十百千世最新加相口平水山海外北南西多名位外主性制工定去只手期安重保身因向由此代接物系教民市名科化使解持更代常建表交特治第己知情打把被比目什次共信任反品形社美取至但法真色特道理定合向它女使原先果水心白金往路老象太再每未句希望回服界走院士告格收改支低克布告流受思早今安元像各今言者客林住求育利管便完件立英近完直器密火族土江河花石木馬月亞半命切房士夜失容字己音空州州朝石司城落根必居星包容草半量放算落商式深助令足府食古注初何送研死推片升草防病候切查志印升造律字居村木照展站京程存座斯加拿及又或都些仍且使用另除以及例如包括由於於著作家部分主要地方時代"

const commonSimplified = "这个们来时国为说学会着过对发后里开问还没样经见进动种点无现让实间将与长业话头给从总点书体义电爱应变军数关机门两当员号让产亲东车马认议战结论级气决类万风连达观报质联设务际热带传统历单组办线远处节谈图导转运边听务职领据张规争乡视样习乐识语标记众儿备计划极广约较术区队专优势医难严离验续强轻满断层钱钟银铁错镇阳阴际陆陈险随隐难云页项须顾顿预领频题颜愿风飞饭馆驱验鱼鸟龙则刚创别剧劳励势务协华单卖卫厂厅历压县参双变号叶员响园围团场块坏坚垒声处备复夺奋妇妈孙宁宝实审宪宫宽宾对寻导尔尘层岁岛币师帅帮干并广庄庆库应废开弃张弹归录彻径忆态总恶悬惊惯战户护报担拥择挥损换据摄摆敌数断旧显晓术机杀权条极构林标栏树样桥档梦检楼欢欧残毁毕气汇汉沟没泽济浓涛润涨渐温湾湿满灭灵灾炉点烂热爱状独狱环现电画疗盖监盘码确础礼祸离种积称稳穷窗竞笔简类纪约级纯纷纸纽线组细织终绍经结绕绘给络绝统继绩续维综绿缓编缘缩网罗罚职联聪肃胜脑脸艺节药虑虽补装观规视览觉誉计订认讨让训议记讲许论设访证评识诉词译试诗话诚询该详语误请诸读课谁调谈谋谓谢谱责败货质贩贪购贯贵费贸资赏赖赛赞赢赶跃践车轨转轮软轰载较辅辆辑输边达迁过迈运近还进远违连迟适选递逻遗邓郑释里鉴钢钱铁银链销锁锋错键长门闪闭问闲间闻阅队阳阶际陆陈险隐难静韩页顶项顺须顾预领题额风飞馆驻驾验骗鲁鸡黄齐龄龙"

const commonTraditional = "這個們來時國為說學會著過對發後裡開問還沒樣經見進動種點無現讓實間將與長業話頭給從總書體義電愛應變軍數關機門兩當員號產親東車馬認議戰結論級氣決類萬風連達觀報質聯設務際熱帶傳統歷單組辦線遠處節談圖導轉運邊聽職領據張規爭鄉視習樂識語標記眾兒備計劃極廣約較術區隊專優勢醫難嚴離驗續強輕滿斷層錢鐘銀鐵錯鎮陽陰陸陳險隨隱雲頁項須顧頓預頻題顏願飛飯館驅魚鳥龍則剛創別劇勞勵協華賣衛廠廳壓縣參雙葉響園圍團場塊壞堅聲復奪奮婦媽孫寧寶審憲宮寬賓尋爾塵歲島幣師帥幫幹並莊慶庫廢棄彈歸錄徹徑憶態惡懸驚慣戶護擔擁擇揮損換攝擺敵舊顯曉殺權條構欄樹橋檔夢檢樓歡歐殘毀畢匯漢溝澤濟濃濤潤漲漸溫灣濕滅靈災爐爛狀獨獄環畫療蓋監盤碼確礎禮禍積稱穩窮窗競筆簡紀純紛紙紐細織終紹繞繪絡絕繼績維綜綠緩編緣縮網羅罰聰肅勝腦臉藝藥慮雖補裝覽覺譽訂討訓講許訪證評訴詞譯試詩誠詢該詳誤請諸讀課誰調謀謂謝譜責敗貨販貪購貫貴費貿資賞賴賽贊贏趕躍踐軌輪軟轟載輔輛輯輸遷邁違遲適選遞邏遺鄧鄭釋鑑鋼鏈銷鎖鋒鍵閃閉閒聞閱階靜韓頂順額駐駕騙魯雞黃齊齡臺灣您麼於"
