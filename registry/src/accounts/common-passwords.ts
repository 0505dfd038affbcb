/**
 * Passwords everybody knows: words, keyboards, names, teams, years, and what people make of them. From eight
 * characters on; `guessable-passwords.ts` adds the spellings.
 */
export const commonPasswords: readonly string[] = `
password passw0rd password1 password12 password123 password1234 password12345 passwordpassword
mypassword thepassword newpassword oldpassword yourpassword changeme changemenow changethis letmein1
letmeinnow letmeinplease opensesame welcome1 welcome123 welcomehome welcometo login123 loginlogin
administrator adminadmin admin123 admin1234 admin12345 administrator1 superuser rootroot rootuser
toor1234 guestguest testtest testing123 testuser test1234 test12345 testpassword default1
defaultpassword temppass temporary temp1234 secret123 secretsecret topsecret topsecret1 mysecret
supersecret secretpassword qwerty12 qwerty123 qwerty1234 qwerty12345 qwertyui qwertyuiop
qwertyqwerty qwertyuiopasdfgh asdfghjk asdfghjkl asdfasdf asdf1234 asdfqwer zxcvbnm1 zxcvbnm123
zxcvasdf qazwsxedc qazwsx123 qazqazqaz 1qaz2wsx 1qaz2wsx3edc 1qazxsw2 zaq12wsx zaq1zaq1 1q2w3e4r
1q2w3e4r5t 1q2w3e4r5t6y 1q2w3e4r5t6y7u8i q1w2e3r4 q1w2e3r4t5 q1w2e3r4t5y6 123qweasd 123qweasdzxc
qwe123qwe qweasdzxc qweqweqwe asdzxc123 azertyui azertyuiop azerty123 12345678 123456789 1234567890
12345678910 123123123 1234512345 123456123456 12341234 11111111 111111111 1111111111 00000000
0000000000 12121212 123321123 12344321 1234554321 87654321 987654321 9876543210 88888888 99999999
66666666 55555555 77777777 22222222 147258369 159753456 123654789 789456123 741852963 11223344
1122334455 112233445566 abcd1234 abc12345 abcabcabc abcdefgh abcdefghi abcdefghij abcdef123 a1b2c3d4
a1b2c3d4e5 aa123456 aaaaaaaa 1234abcd 123456abc 123abc123 iloveyou iloveyou1 iloveyou2 iloveyou123
iloveyouso iloveyoubaby iloveyouforever ilovemom iloveme1 ilovemyself ilovegod ilovejesus loveyou1
lovelove loveme123 lovelovelove mylove123 forever1 forevermore together sweetheart darling1 princess
princess1 princess123 prince123 sunshine sunshine1 sunshine123 moonlight starlight daylight midnight
rainbow1 rainbows butterfly butterfly1 flower123 flowers1 sunflower strawberry blueberry cherries
chocolate chocolate1 cookie123 cookies1 cupcakes banana123 pineapple football football1 football123
basketball baseball baseball1 softball volleyball hockey123 soccer123 soccer12 liverpool liverpool1
chelsea1 arsenal1 arsenal123 barcelona barcelona1 realmadrid manchester juventus bayern123 steelers
cowboys1 yankees1 lakers24 redsox123 eagles123 patriots michael1 michelle jennifer jessica1
jessica123 jonathan anthony1 alexander alexandra benjamin charlotte christopher christian christina
daniel123 danielle elizabeth elizabeth1 fernando francisco gabriela gabriel1 isabella jackson5
jordan23 jordan123 joshua123 katherine kimberly lawrence leonardo margaret marshall matthew1
melissa1 nathaniel nicholas nicholas1 patricia rebecca1 roberto1 samantha samantha1 sebastian
stephanie stephen1 thomas123 valentina veronica victoria victoria1 vanessa1 william1 charlie1
charlie123 andrew123 ashley123 amanda123 brandon1 hannah123 hunter12 hunter123 hunter22 superman
superman1 superman123 batman123 batman12 batmanbatman spiderman spiderman1 ironman123 starwars
starwars1 startrek1 skywalker darthvader jedimaster yoda1234 pokemon1 pokemon123 pikachu1 charizard
dragonball dragonball1 naruto123 dragon123 dragon12 dragons1 dragonfly minecraft minecraft1
minecraft123 fortnite1 fortnite123 warcraft worldofwarcraft counterstrike callofduty halflife
leagueoflegends playstation playstation3 nintendo nintendo64 xbox360x gamemaster gamer123 computer
computer1 computer123 internet internet1 hardware software keyboard microsoft windows10 windows123
linux123 linuxlinux ubuntu123 google123 googlegoogle facebook facebook1 facebook123 instagram
twitter123 youtube1 youtube123 linkedin amazon123 apple123 samsung1 samsung123 motorola blackberry
nokia123 iphone123 android1 master123 masterkey mastermaster mustang1 mustang123 corvette ferrari1
porsche911 mercedes mercedes1 bmw12345 toyota123 honda123 harley123 harleydavidson yamaha123
kawasaki chevrolet monkey123 monkey12 tigger123 tiger123 tigers123 panther1 elephant dolphin1
dolphins butterfly123 kittycat hellokitty kitten123 puppydog puppies1 doggy123 buddy123 bailey123
maggie123 ginger123 pepper123 shadow123 shadow12 peanut123 pumpkin1 freedom1 freedom123 liberty1
america1 american1 australia california colorado florida1 newyork1 newyork123 newyorkcity london123
scotland ireland1 germany1 deutschland france123 espana123 portugal brasil123 mexico123 canada123
colombia argentina whatever whatever1 whatever123 trustno1 trustnoone nothing1 nothing123 something
somebody nobody123 anything everything idontknow idontcare donttell forgotpassword forgetit remember
rememberme iforgot123 blahblah blahblahblah hellohello hello123 hello1234 helloworld helloworld1
goodbye1 goodluck godbless godisgood jesus123 jesuschrist jesuslovesme jesusislord blessed1 faith123
heaven123 angel123 angels123 angelica babygirl babygirl1 babyboy1 babyblue mommy123 daddy123
mother123 father123 family123 familyfirst grandma1 brother1 sister123 friends1 friendship bestfriend
bestfriends summer123 summertime winter123 winter2020 spring123 autumn123 january1 february
september november december birthday happyday happy123 happybirthday smile123 smiley123 lucky123
luckyme7 lucky777 peace123 hotstuff scooter1 gateway1 killer123 hacker123 hackers1 hackme123
ninja123 pirate123 wizard123 matrix123 phoenix1 thunder1 thunderbird lightning hurricane tornado1
diamond1 crystal1 silver123 golden123 platinum midnight1 blackcat blackjack redalert purple123
orange123 yellow123 greenday metallica metallica1 slipknot slipknot1 nirvana1 eminem123 beatles1
rockstar rockstar1 rocknroll guitar123 drummer1 musiclover dancing1 cheerleader champion champion1
winner123 number1one numberone firebird firefire fireball waterfall snowball snowman1 snowflake
mountain1 oceanblue bluesky1 bluebird greentea coffee123 starbucks cocacola cocacola1 pepsi123
correcthorse correcthorsebatterystaple thequickbrownfox thisisapassword thisismypassword
thisisasecret itsasecret mypasswordis passwordispassword enterpassword nopassword nopassword1
securepassword strongpassword pleaseletmein opendoor backdoor sysadmin sysadmin1 webmaster
webmaster1 postmaster hostmaster operator1 developer developer1 deploy123 release123 package123
packages publisher registry1 production staging1 staging123 jenkins1 docker123 kubernetes
`
  .trim()
  .split(/\s+/);
