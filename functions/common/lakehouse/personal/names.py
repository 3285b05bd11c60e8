"""Words that names of persons consist of in Brazil, folded, and words that tell the name of anything else.

The given names and surnames are the frequent ones of the census (IBGE, Nomes no Brasil) without those that are common
nouns (Rosa, Clara, Vitória): a product may be called so. A name is told by a given name with a surname after it.
"""

from typing import Final

_GIVEN: Final = """
abel abigail adalberto adao adelaide adelia adelino ademar ademir adilson adolfo adriana adriano afonso agatha
agnaldo agnes agostinho aida airton alan alana alba alberto alcides aldo aleksandra alessandra alessandro alex
alexandra alexandre alexia alexsandro alfredo alice alicia aline alisson allan almir aloisio aluisio alvaro alzira
amanda amauri amelia amos ana anabela anderson andre andrea andreia andressa andrew angela angelica angelo anita
anna antonia antonieta antonio aparecida aparecido arlete arlindo armando arnaldo arthur artur arturo ary augusto
aurelio aurora ayrton barbara beatriz benedita benedito benicio benjamim benjamin berenice bernadete bernardo
betania bianca brenda breno bruna bruno caio camila camilo carina carla carlos carmem carmen carolina caroline
cassia cassiano catarina catia cauan caue cecilia celia celina celso cesar charles christian cibele cicera cicero
cinthia cintia ciro claudemir claudete claudia claudineia claudio clayton cleber cleide clelia cleonice cleusa
cleuza cristiane cristiano cristina cynthia dafne daiana daiane dalva damiao daniel daniela daniele danielle danilo
dario darlan davi david dayane debora deise deivid denilson denis denise denize diana diego dilma dilson dinah diogo
dirce dirceu djalma domenico dora doralice douglas dulce edgar edilene edilson edinaldo edison edite edith edmar
edmilson edmundo edna ednaldo edson eduarda eduardo elaine elba elcio elen elena eliana eliane elias eliete elisa
elisabete elisabeth elisangela eliseu eliza elizabete elizabeth elizete ellen eloa eloisa elton elza emanuel
emanuela emanuelly emerson emilia emilio enzo erica erick erico erika ernani ernesto esmeralda estela ester estevao
euclides eugenia eugenio eunice evandro evelin evelyn everaldo everton fabiana fabiane fabiano fabio fabiola
fabricio fatima felicia felipe fernanda fernando filipe filomena flavia flavio franciele francisca francisco
frederico gabriel gabriela gabriele gabrielle genivaldo george geovana geraldo gerson gilberto gilda gilmar gilson
giovana giovanna giovanni gisele giselle gislaine giulia glaucia gleice gloria graziela guilherme gustavo heitor
helen helena helio heloisa henrique henry herbert hercules hermes hilda hugo humberto iara icaro igor ilda ines
ingrid iolanda iracema irene iris isa isaac isabel isabela isabella isadora isaias isaque isis ismael israel itamar
ivan ivana ivete ivo ivone izabel izabela jaciara jacqueline jaime jair jairo jamile janaina jandira jane janete
janice jaqueline jean jeferson jefferson jenifer jeronimo jessica joana joao joaquim joaquina joel joelma jonas
jonatas jonathan jorge jose josefa josiane josias josue joyce juan juarez julia juliana juliane juliano julio junior
juraci jurandir jussara justino kaique karen karina karine karla katia kaua kauan keila kelly kevin laercio lais
lara larissa laura lauro lavinia leandra leandro leila leni leo leonardo leonor leonora leticia lia lidia lilian
liliana liliane lisandra livia lorena lorenzo louise lourdes lourenco lourival luan luana lucas lucia luciana
luciane luciano lucilene lucimar lucinda lucio ludmila luis luisa luiz luiza luzia magali magda magno maiara maicon
maira manoel manoela manuel manuela mara marcela marcelo marcia marcio marco marcos marcus margarete margareth
margarida maria mariana mariane marilda marilene marilia marina marinalva mario marisa marise maristela mariza
marlene marli marly marta martha martin mateus matheus matilde mauricio mauro maximiliano mayara mayra meire melissa
mercedes micaela michael michel michele michelle miguel milena milton mirella miriam mirian moacir moises monica
monique murilo nadia nadir nair natalia natalie nathalia nathan neide nelci nelson nestor neusa neuza newton nicolas
nicolau nicole nilda nilo nilson nilton nivaldo noah noemi norberto norma odair odete olavo olga olivia orlando
oscar osmar osvaldo oswaldo otavio otto pamela paola patricia patrick paula paulina paulino paulo pedro petronio
pietra pietro poliana priscila quiteria rafael rafaela raimunda raimundo ramon raquel raul rebeca regiane regina
reginaldo regis reinaldo renan renata renato rene ricardo rita roberta roberto robson rodolfo rodrigo rogerio
romario romeu romulo ronaldo roney roque rosana rosane rosangela roseli rosemary rosilene rosimeire rubens rute ruth
samanta samara samuel sandra sandro sara sarah saulo sebastiana sebastiao selma sergio severina severino sheila
shirley sidnei sidney silas silvana silvania silvia silvio simone sirlei sofia solange sonia sophia stefany stella
stephanie suelen sueli suely susana suzana suzane tabata tadeu tainara tais talita tania tatiana tatiane telma
teresa tereza thais thaisa thales thalita thiago tiago tomas tomaz ubirajara ulisses umberto vagner valdecir
valdemar valdir valdirene valentina valeria valmir valter vanda vanderlei vanessa vania vera veronica vicente victor
victoria vilma vinicius virginia vitor vivian viviane wagner waldemar waldir wallace walter wanda wanderley wanessa
wellington wendel wesley wilian william willian wilma wilson yago yara yasmin yuri zelia zenaide zilda zuleica
"""
_SURNAMES: Final = """
abreu accioly aguiar albuquerque alencar almeida alvarenga alvares alves amaral amorim andrade antunes aragao araujo
arruda assis assuncao athayde avila azevedo bandeira barbosa barcelos barreto barros barroso bastos batista beltrao
benevides bernardes bezerra bittencourt bonfim borba borges botelho braga brandao brito bueno cabral caldas caldeira
calixto camara camargo campos cardoso carmo carneiro carvalho castanheira castilho castro cavalcante cavalcanti
cerqueira chagas chaves coelho colares conceicao cordeiro correa correia cortes costa coutinho couto cruz cunha
damasceno dantas dias diniz domingues dorneles duarte dutra espindola esteves evangelista falcao faria farias
fernandes ferraz ferreira figueira figueiredo figueiro firmino fonseca fontes fontoura fraga franca freire freitas
furtado galvao garcia gaspar gentil godoy goes gomes goncalves gonzaga gouveia guedes guerra guimaraes gusmao
henriques holanda inacio jardim jesus jordao lacerda lago lemos lessa lima lins lira lobato lobo lopes loureiro
lucena macedo machado maciel magalhaes maia malta marinho marques martins mascarenhas matias matos mattos medeiros
meireles mello melo mendes mendonca menezes mesquita miranda monteiro moraes morais moreira moreno mota moura mourao
muniz nascimento navarro neves nobrega nogueira noronha novaes novais nunes oliveira ortega pacheco padilha paes
paiva palmeira parente passos peixoto penha pereira peres perez pessoa pimenta pimentel pinheiro pinho pinto pires
portela prado prates queiroz quintana quirino rabelo ramalho ramires ramos rangel regis rego reis resende rezende
ribas ribeiro rios rocha rodrigues rosario sa sales salgado salles salomao sampaio sanches santana santanna santiago
santos saraiva sardinha seixas sequeira serra serrano severo silva silveira simoes siqueira soares sobral sobrinho
sousa souto souza tavares taveira teixeira teles telles tenorio toledo torres trindade uchoa valadares valenca
valente varela vargas vasconcellos vasconcelos vaz veiga veloso ventura viana vianna vidal vieira vilar vilela
villar xavier zanetti
"""
_NO_PERSON: Final = """
academia aeroporto agencia agro alimentos armazem associacao atacado auto autopecas banco bank bar bebidas bio
brasil cafe capital casa centro cia clinica colegio com comercial comercio companhia confeccoes consorcio
construcoes construtora consultoria cooperativa corp corporation creditos distribuidora editora eireli eletrica
eletronica embalagens empreendimentos empresa engenharia epp equipamentos escola estado estaleiro exportacao
exportadora fabrica farmacia ferragens ferramentas financeira fundacao global gmbh group grupo hospital hotel
imoveis imp importacao importadora inc industria industrial informatica instituto international investimentos irmaos
laboratorio limited llc logistica loja lojas ltd ltda madeireira maquinas materiais me mercado metais moda modas
motos moveis municipio oficina padaria papelaria participacoes pecas pizzaria plasticos porto posto produtos quimica
representacoes restaurante sa seguros servicos shopping sociedade solucoes srl supermercado supply tech tecidos
tecnologia textil trading transportadora transportes universidade usina varejo veiculos
"""

GIVEN: Final = frozenset(_GIVEN.split())
SURNAMES: Final = frozenset(_SURNAMES.split())
# What stands between the parts of a name.
PARTICLES: Final = frozenset({"da", "das", "de", "del", "di", "do", "dos", "du", "e", "van", "von", "y"})
# Words by which a whole text is the name of a company, an institution, a place or a thing, and of no person.
NO_PERSON: Final = frozenset(_NO_PERSON.split())
