using Dftp.Tests.Scenarios.Support;

namespace Dftp.Tests.Scenarios;

/// <summary>
/// Common FTP clients, as Debian packages them, against the built program: from the node with the files, and through a node without
/// files.
/// </summary>
[TestClass]
[TestCategory("Namespaces")]
public sealed class FtpClientsTests
{
    private const string Owner = "owner", Other = "other", LftpSettings =
        "set cmd:fail-exit yes; set net:max-retries 1; set net:timeout 10; set ssl:verify-certificate no; set mirror:use-pget-n 1; ";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    private static FtpClientsTree? _tree;
    private static NamespaceNetwork? _network;
    private static DftpNode[] _nodes = [];

    private static FtpClientsTree Tree => _tree!;

    [ClassInitialize]
    public static async Task StartAsync(TestContext context)
    {
        _network = await NamespaceNetwork.CreateAsync(Owner, Other, "client");
        _tree = new FtpClientsTree();
        _nodes =
        [
            _network[Owner].StartNode($"--dfsroot={_tree.Source}", "--ftps-listen=:990", "--ftp-passive-ports=50000-50999"),
            _network[Other].StartNode($"--dfsroot={_tree.Empty}", "--ftps-listen=:990"),
        ];
        foreach (var node in _nodes)
        {
            await Eventually.TrueAsync(
                () => node.Log.Contains("FTPS public", StringComparison.Ordinal), Limit, $"the FTP of {node.Host.Name} listens");
            await Eventually.EqualAsync(
                $"{FtpClientsTree.ManyEntries}",
                async () => (await ShellAsync("curl -sS --fail \"ftp://$1:2121/many/\" -l | wc -l", node.Host.Name)).Trim(),
                Limit,
                $"{node.Host.Name} has the whole tree");
        }
    }

    [ClassCleanup]
    public static async Task StopAsync()
    {
        foreach (var node in _nodes) await node.DisposeAsync();
        if (_network is not null) await _network.DisposeAsync();
        _tree?.Dispose();
    }

    [TestMethod]
    [DataRow(Owner)]
    [DataRow(Other)]
    public async Task Lftp_MirrorsTheWholeTree(string server)
    {
        var copy = Tree.NewCopy();
        await LftpAsync($"open -p 2121 {server}; mirror --parallel=4 / {copy}");
        Tree.AssertIsCopied("", copy);
    }

    [TestMethod]
    [DataRow(Owner, "set ftp:passive-mode no; open -p 2121 SERVER")]
    [DataRow(Other, "set ftp:passive-mode no; open -p 2121 SERVER")]
    [DataRow(Owner, "set ftp:use-mlsd no; open -p 2121 SERVER")]
    [DataRow(Owner, "set ftp:ssl-force yes; set ftp:ssl-protect-data yes; open -p 2121 SERVER")]
    [DataRow(Other, "set ftp:ssl-force yes; set ftp:ssl-protect-data yes; open -p 2121 SERVER")]
    [DataRow(Owner, "open ftps://SERVER:990")]
    [DataRow(Other, "set ftp:ssl-force yes; set ftp:passive-mode no; set ftp:ssl-protect-data yes; open -p 2121 SERVER")]
    public async Task Lftp_MirrorsInEveryMode(string server, string open)
    {
        var copy = Tree.NewCopy();
        await LftpAsync($"{open.Replace("SERVER", server, StringComparison.Ordinal)}; mirror --exclude ^many/ / {copy}");
        Tree.AssertIsCopied("", copy, FtpClientsTree.Seconds, "many");
    }

    [TestMethod]
    [DataRow(Owner)]
    [DataRow(Other)]
    public async Task Lftp_FetchesAFileInPieces_AndResumesIt(string server)
    {
        var copy = Tree.NewCopy();
        await File.WriteAllBytesAsync($"{copy}/resumed", Tree.Big[..10_000_001]);
        await LftpAsync($"open -p 2121 {server}; pget -n 4 big.bin -o {copy}/pieces; get -c big.bin -o {copy}/resumed");
        Tree.AssertIsBig($"{copy}/pieces");
        Tree.AssertIsBig($"{copy}/resumed");
    }

    [TestMethod]
    [DataRow(Owner, "", "ftp://SERVER:2121")]
    [DataRow(Other, "", "ftp://SERVER:2121")]
    [DataRow(Owner, "--disable-epsv", "ftp://SERVER:2121")]
    [DataRow(Owner, "-P -", "ftp://SERVER:2121")]
    [DataRow(Other, "-P - --disable-eprt", "ftp://SERVER:2121")]
    [DataRow(Owner, "--ssl-reqd -k", "ftp://SERVER:2121")]
    [DataRow(Other, "--ssl-reqd -k --tls-max 1.2", "ftp://SERVER:2121")]
    [DataRow(Owner, "-k", "ftps://SERVER:990")]
    public async Task Curl_FetchesWholesAndParts_AndLists(string server, string options, string url)
    {
        var copy = Tree.NewCopy();
        var script = $"""
            set -e; cd "$1"; curl() (command curl -sS --fail --max-time 20 {options} "$@")
            curl -R -o whole "$2/big.bin"; curl -r 1000000-1999999 -o part "$2/big.bin"
            head -c 5000000 whole > resumed; curl -C - -o resumed "$2/big.bin"
            curl -R -o name "$2/names/%C3%BCn%C3%AF%20%E2%98%83%20%E6%96%87/%C3%BCn%C3%AF%20%E2%98%83%20%E6%96%87" -o text "$2/plain/text.txt"
            curl -l "$2/many/" | wc -l; curl "$2/many/" | wc -l
            """;
        var output = await ShellAsync(script, copy, url.Replace("SERVER", server, StringComparison.Ordinal));
        Assert.AreEqual($"{FtpClientsTree.ManyEntries}\n{FtpClientsTree.ManyEntries}\n", output);
        Tree.AssertIsBig($"{copy}/whole");
        Tree.AssertIsBig($"{copy}/resumed");
        Tree.AssertIsBig($"{copy}/part", 1_000_000, 2_000_000);
        Assert.AreEqual(new DateTime(2024, 2, 29, 23, 59, 59), File.GetLastWriteTimeUtc($"{copy}/whole"));
        Assert.AreEqual("one\ntwo\r\nthree", await File.ReadAllTextAsync($"{copy}/text"));
        CollectionAssert.AreEqual(new byte[] { 2 }, await File.ReadAllBytesAsync($"{copy}/name"));
    }

    [TestMethod]
    [DataRow(Owner)]
    [DataRow(Other)]
    public async Task Curl_MirrorsTheWholeTree(string server)
    {
        var copy = Tree.NewCopy();
        await PythonAsync(FtpMirrorScripts.Curl, $"ftp://{server}:2121", copy);
        Tree.AssertIsCopied("", copy);
    }

    [TestMethod]
    [DataRow(Owner)]
    [DataRow(Other)]
    public async Task Ncftp_MirrorsTheWholeTree(string server)
    {
        var copy = Tree.NewCopy();
        await ShellAsync("ncftpget -V -t 10 -r 0 -R -P 2121 \"$1\" \"$2\" /", server, copy);
        Tree.AssertIsCopied("", copy);
        Assert.AreEqual(
            $"{FtpClientsTree.ManyEntries}", (await ShellAsync("ncftpls -t 10 -r 0 -1 -P 2121 \"ftp://$1/many/\" | wc -l", server)).Trim());
    }

    [TestMethod]
    [DataRow(Owner)]
    [DataRow(Other)]
    public async Task Tnftp_MirrorsTheWholeTree(string server)
    {
        var copy = Tree.NewCopy();
        await PythonAsync(FtpMirrorScripts.Tnftp, server, "2121", copy);
        Tree.AssertIsCopied("", copy);
    }

    [TestMethod]
    [DataRow(Owner)]
    [DataRow(Other)]
    public async Task Tnftp_FetchesFiles_AndLists(string server)
    {
        var copy = Tree.NewCopy();
        const string script = """
            cd "$2" && printf '%s\n' 'cd /plain' 'get text.txt' 'get nothing' 'cd ../many' 'nlist . list' 'get /big.bin big' \
                'passive off' 'get /big.bin active' 'reget /big.bin partial' quit | tnftp -i -a -V -p "$1" 2121
            """;
        await File.WriteAllBytesAsync($"{copy}/partial", Tree.Big[..1_000_000]);
        var output = await ShellAsync(script, server, copy);
        Assert.AreEqual("one\ntwo\r\nthree", await File.ReadAllTextAsync($"{copy}/text.txt"), output);
        Assert.AreEqual(0, new FileInfo($"{copy}/nothing").Length);
        Assert.AreEqual(new DateTime(2016, 10, 23, 12, 7, 6), File.GetLastWriteTimeUtc($"{copy}/text.txt"));
        Assert.AreEqual(FtpClientsTree.ManyEntries, (await File.ReadAllLinesAsync($"{copy}/list")).Length);
        Tree.AssertIsBig($"{copy}/big");
        Tree.AssertIsBig($"{copy}/active");
        Tree.AssertIsBig($"{copy}/partial");
    }

    // Its times come from LIST, which has only days for old files. Three names hit limits of this client: it drops leading spaces,
    // shortens a long name, and treats a percent sign as an escape.
    [TestMethod]
    [DataRow(Owner)]
    [DataRow(Other)]
    public async Task Wget_MirrorsTheWholeTree(string server)
    {
        var copy = Tree.NewCopy();
        await ShellAsync(
            "TZ=UTC wget -q -t 1 -T 10 -m -nH --restrict-file-names=nocontrol --remote-encoding=UTF-8 --local-encoding=UTF-8 -P \"$2\" \"ftp://$1:2121/\"",
            server,
            copy);
        foreach (var listing in Directory.GetFiles(copy, ".listing",
            new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })) File.Delete(listing);
        Tree.AssertIsCopied(
            "", copy, FtpClientsTree.Days, $"names/{FtpClientsTree.LeadingSpace}", "names/long", $"names/{FtpClientsTree.PercentName}");
        Assert.AreEqual(File.GetLastWriteTimeUtc($"{Tree.Source}/plain/fresh"), File.GetLastWriteTimeUtc($"{copy}/plain/fresh"),
            "LIST shows the minute of a new file");
    }

    [TestMethod]
    [DataRow(Owner, "FTP", "")]
    [DataRow(Other, "FTP", "")]
    [DataRow(Owner, "FTP_TLS", "names")]
    [DataRow(Other, "FTP_TLS", "names")]
    public async Task PythonFtplib_MirrorsATree(string server, string type, string part)
    {
        var copy = Tree.NewCopy();
        await PythonAsync(FtpMirrorScripts.Ftplib, server, "2121", type, Remote(part), copy);
        Tree.AssertIsCopied(part, copy);
    }

    // It treats a trailing space of a name as one that it added itself.
    [TestMethod]
    [DataRow(Owner, "", "")]
    [DataRow(Other, "", "")]
    [DataRow(Other, "--exclude '/many/**' --ftp-explicit-tls --ftp-no-check-certificate", "many")]
    public async Task Rclone_MirrorsTheTree(string server, string options, string except)
    {
        var copy = Tree.NewCopy();
        var script = $"""
            rclone --config "" --retries 1 --ftp-host "$1" --ftp-port 2121 --ftp-user anonymous --ftp-pass "$(rclone --config "" obscure me@)" {options} \
                copy --create-empty-src-dirs --exclude '/names/{FtpClientsTree.TrailingSpace}/**' :ftp:/ "$2"
            """;
        await ShellAsync(script, server, copy);
        Tree.AssertIsCopied("", copy, FtpClientsTree.Seconds, $"names/{FtpClientsTree.TrailingSpace}", except);
    }

    [TestMethod]
    [DataRow(Owner, "", "")]
    [DataRow(Other, "", "")]
    [DataRow(Owner, "tls", "names")]
    [DataRow(Other, "tls", "names")]
    public async Task BasicFtp_MirrorsATree(string server, string tls, string part)
    {
        ProgramTools.Require("node");
        var library = Environment.GetEnvironmentVariable("DFTP_BASIC_FTP");
        if (!Directory.Exists(library)) ProgramTools.SkipOrFail("this test needs npm's basic-ftp, which scripts/test installs");
        var copy = Tree.NewCopy();
        (await _network!["client"].RunAsync(Limit, "node", "-e", FtpMirrorScripts.BasicFtp, "--", library, server, "2121", Remote(part),
            copy, tls)).OutputIfDone();
        Tree.AssertIsCopied(part, copy);
    }

    [TestMethod]
    [DataRow(Owner, "")]
    [DataRow(Owner, "tls")]
    [DataRow(Other, "tls")]
    public async Task BasicFtp_GoesOnAfterRefusedTransfers(string server, string tls)
    {
        ProgramTools.Require("node");
        var library = Environment.GetEnvironmentVariable("DFTP_BASIC_FTP");
        if (!Directory.Exists(library)) ProgramTools.SkipOrFail("this test needs npm's basic-ftp, which scripts/test installs");
        (await _network!["client"].RunAsync(Limit, "node", "-e", FtpMirrorScripts.BasicFtpRefusals, "--", library, server, "2121",
            "/plain/text.txt", tls)).OutputIfDone();
    }

    [TestMethod]
    [DataRow(Owner, "set ftp:ssl-force yes; set ftp:ssl-protect-data yes; open -p 2121 SERVER")]
    [DataRow(Owner, "set ftp:ssl-force yes; set ftp:ssl-protect-data yes; set ftp:passive-mode no; open -p 2121 SERVER")]
    [DataRow(Other, "set ftp:use-mlsd no; open -p 2121 SERVER")]
    [DataRow(Other, "open ftps://SERVER:990")]
    public async Task Lftp_GoesOnAfterRefusedTransfers(string server, string open)
    {
        var copy = Tree.NewCopy();
        var refused = string.Concat(Enumerable.Repeat("get /nothing; cls -l /nothing; put /etc/passwd -o /plain/new; ", 10));
        await LftpAsync($"{open.Replace("SERVER", server, StringComparison.Ordinal)}; set cmd:fail-exit no; {refused} set cmd:fail-exit yes; get /plain/text.txt -o {copy}/text.txt");
        Assert.AreEqual("one\ntwo\r\nthree", await File.ReadAllTextAsync($"{copy}/text.txt"));
    }

    private static string Remote(string part) => part.Length == 0 ? "" : "/" + part;

    private static async Task LftpAsync(string commands) =>
        (await _network!["client"].RunAsync(Limit, "env", "LC_ALL=C.UTF-8", "lftp", "--norc", "-c", LftpSettings + commands))
            .OutputIfDone();

    private static async Task PythonAsync(string script, params string[] arguments) =>
        (await _network!["client"].RunAsync(Limit, ["env", "LC_ALL=C.UTF-8", "python3", "-c", script, .. arguments])).OutputIfDone();

    private static async Task<string> ShellAsync(string script, params string[] arguments) =>
        (await _network!["client"].RunAsync(Limit, ["env", "LC_ALL=C.UTF-8", "sh", "-c", script, "sh", .. arguments])).OutputIfDone();
}
