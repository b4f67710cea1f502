using System.Globalization;
using System.Runtime.Versioning;
using Dftp.Tests.Scenarios.Support;

namespace Dftp.Tests.Scenarios;

/// <summary>
/// Common HTTP clients, as Debian packages them, against the built program: from the node with the files, and through a node
/// without files.
/// </summary>
[TestClass]
[UnsupportedOSPlatform("windows")]
[TestCategory("Namespaces")]
public sealed class HttpClientsTests
{
    private const string Owner = "owner", Other = "other", Top = "files";

    /// <summary>Characters with a meaning in URLs or HTML.</summary>
    private static readonly string[] UrlNames =
        ["a?b=c", "a#b", "%2F", "a%20b", "c:d", "http:", "a&amp;b", "<b>.html", "plus+", "semi;colon", "q'uo\"te", "~", "...",
            "e\u0301", "😀", "index.htm", "@"];

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    private static FtpClientsTree? _tree;
    private static NamespaceNetwork? _network;
    private static DftpNode[] _nodes = [];

    private static FtpClientsTree Tree => _tree!;

    [ClassInitialize]
    public static async Task StartAsync(TestContext context)
    {
        ProgramTools.Require("curl", "wget", "rclone", "aria2c", "unzip", "tar", "bsdtar", "python3");
        _network = await NamespaceNetwork.CreateAsync(Owner, Other, "client");
        _tree = new FtpClientsTree();

        // RFC 9110, 8.8.2.1: "An origin server with a clock MUST NOT generate a Last-Modified date that is later than the server's time".
        File.Delete(Path.Combine(_tree.Source, "names", "future"));
        var awkward = Directory.CreateDirectory(Path.Combine(_tree.Source, "urls"));
        foreach (var name in UrlNames)
        {
            await File.WriteAllTextAsync(Path.Combine(awkward.FullName, name), "content of " + name);
            File.SetLastWriteTimeUtc(Path.Combine(awkward.FullName, name), new DateTime(2011, 11, 11, 11, 11, 11, DateTimeKind.Utc));
        }

        File.SetUnixFileMode(Path.Combine(_tree.Source, "plain", "text.txt"), (UnixFileMode)0b110_100_000);
        File.SetUnixFileMode(Path.Combine(_tree.Source, "plain", "nothing"), (UnixFileMode)0b111_101_101);
        _nodes =
        [
            _network[Owner].StartNode($"--dfsroot={_tree.Source}", "--ftp-listen="),
            _network[Other].StartNode($"--dfsroot={_tree.Empty}", "--ftp-listen="),
        ];
        foreach (var node in _nodes)
        {
            await Eventually.EqualAsync(
                $"{FtpClientsTree.ManyEntries}",
                async () => (await ShellAsync("curl -sS --fail \"http://$1:7040/fs/many/?format=txt\" | wc -l", node.Host.Name)).Trim(),
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
    public async Task Rclone_FindsNoDifference_AndCopies(string server)
    {
        var copy = Tree.NewCopy();
        var output = await ShellAsync(
            """
            set -e
            rc() { rclone --config "" --retries 1 --low-level-retries 1 --http-url "http://$server:7040/fs/" "$@"; }
            server="$1"
            rc check --download --exclude '/many/**' :http: "$2"
            rc copy --exclude '/many/**' --create-empty-src-dirs :http: "$3"
            rc lsf --http-no-head :http:many/ | wc -l
            rc cat --offset 1000000 --count 1000 :http:big.bin | cmp - "$4" && echo same
            """,
            server, Tree.Source, copy, await PartAsync(1_000_000, 1000));
        Assert.AreEqual($"{FtpClientsTree.ManyEntries}\nsame\n", output);
        Tree.AssertIsCopied("", copy, FtpClientsTree.Seconds, "many");
    }

    // wget decodes names twice when it saves them: such names are restored. It cuts names of 255 bytes.
    [TestMethod]
    [DataRow(Owner)]
    [DataRow(Other)]
    public async Task Wget_MirrorsTheTree(string server)
    {
        var copy = Tree.NewCopy();
        await ShellAsync(
            """
            wget -q -t 1 -T 20 -r -l inf -np -nH --cut-dirs=1 -X /fs/many -e robots=off --restrict-file-names=nocontrol --no-iri -P "$2" "http://$1:7040/fs/"
            find "$2" -name 'index.html' -delete
            mv "$2/names/per%20cent/per cent" "$2/names/per%20cent/per%20cent"; mv "$2/urls/a b" "$2/urls/a%20b"
            """,
            server, copy);
        Directory.CreateDirectory(Path.Combine(copy, "empty"));
        Tree.AssertIsCopied("", copy, FtpClientsTree.Seconds, "many", "names/long");
    }

    [TestMethod]
    [DataRow(Owner)]
    [DataRow(Other)]
    public async Task Aria2_FetchesByEightConnections(string server)
    {
        var copy = Tree.NewCopy();
        await ShellAsync("aria2c -q --no-conf -x8 -s8 -k1M --file-allocation=none --remote-time=true -d \"$2\" \"http://$1:7040/fs/big.bin\"", server, copy);
        Tree.AssertIsBig($"{copy}/big.bin");
        Assert.AreEqual(new DateTime(2024, 2, 29, 23, 59, 59), File.GetLastWriteTimeUtc($"{copy}/big.bin"));
    }

    [TestMethod]
    [DataRow(Owner)]
    [DataRow(Other)]
    public async Task Curl_FetchesParts_Resumes_AndAsksAgain(string server)
    {
        var copy = Tree.NewCopy();
        var output = await ShellAsync(
            """
            set -e; cd "$2"; curl() (command curl -sS --fail --max-time 30 "$@"); url="http://$1:7040/fs/big.bin"
            curl -R -o whole "$url"; curl -r 1000000-1999999 -o part "$url"; curl -r -1000 -o end "$url"
            head -c 5000000 whole > resumed; curl -C - -o resumed "$url"
            curl --compressed -o compressed "$url"; curl -OJ "$url?download"
            curl -o /dev/null -w '%{http_code} ' -z whole "$url"
            etag="$(curl -I "$url" | tr -d '\r' | sed -n 's/^ETag: //p')"; curl -o /dev/null -w '%{http_code} ' -H "If-None-Match: $etag" "$url"
            curl -o /dev/null -w '%{http_code} ' -H "If-Range: $etag" -r 0-9 "$url"
            list="$(curl -I "http://$1:7040/fs/" | tr -d '\r' | sed -n 's/^ETag: //p')"; curl -o /dev/null -w '%{http_code}' -H "If-None-Match: $list" "http://$1:7040/fs/"
            """,
            server, copy);
        Assert.AreEqual("304 304 206 304", output);
        foreach (var name in new[] { "whole", "resumed", "compressed", "big.bin" }) Tree.AssertIsBig($"{copy}/{name}");
        Tree.AssertIsBig($"{copy}/part", 1_000_000, 2_000_000);
        Tree.AssertIsBig($"{copy}/end", Tree.Big.Length - 1000);
    }

    // unzip turns a backslash into an underscore, and bsdtar composes letters and accents: both are restored.
    [TestMethod]
    [DataRow(Owner, "tar", "tar -xpf")]
    [DataRow(Other, "tar.gz", "bsdtar -xpf")]
    [DataRow(Owner, "zip", "unzip -q")]
    [DataRow(Other, "zip", "bsdtar -xpf")]
    public async Task Archive_HasTheTree_ItsTimesAndModes(string server, string kind, string extract)
    {
        var copy = Tree.NewCopy();
        await ShellAsync(
            $"""
            set -e; cd "$2"; umask 022; curl -sS --fail --max-time 60 -o archive "http://$1:7040/fs/?archive={kind}"
            {extract} archive; rm archive
            d="{Top}/names/a%5Cb"; if [ -d "$d" ]; then mv "$d/a%5Cb" "$d/a\\b"; mv "$d" "{Top}/names/a\\b"; fi
            composed="{Top}/urls/$(printf '\303\251')"; if [ -e "$composed" ]; then mv "$composed" "{Top}/urls/$(printf 'e\314\201')"; fi
            """,
            server, copy);
        Tree.AssertIsCopied("", Path.Combine(copy, Top));
        Assert.AreEqual((UnixFileMode)0b110_100_000, File.GetUnixFileMode(Path.Combine(copy, Top, "plain", "text.txt")));
        Assert.AreEqual((UnixFileMode)0b111_101_101, File.GetUnixFileMode(Path.Combine(copy, Top, "plain", "nothing")));
    }

    [TestMethod]
    public async Task Zip_IsWholeForPython()
    {
        var copy = Tree.NewCopy();
        var output = await ShellAsync(
            """
            curl -sS --fail --max-time 60 -o "$2/a.zip" "http://$1:7040/fs/?archive=zip" && python3 -c 'if True:
                import sys, zipfile
                z = zipfile.ZipFile(sys.argv[1]); print(z.testzip(), len([i for i in z.infolist() if i.filename.startswith("files/many/") and not i.is_dir()]))
                print(z.read("files/plain/text.txt"), sorted(i.filename for i in z.infolist() if i.filename.startswith("files/urls/"))[-1])' "$2/a.zip"
            """,
            Other, copy);
        Assert.AreEqual($"None {FtpClientsTree.ManyEntries}\nb'one\\ntwo\\r\\nthree' files/urls/😀\n", output);
    }

    private static async Task<string> PartAsync(int offset, int count)
    {
        var file = Path.Combine(Tree.NewCopy(), string.Create(CultureInfo.InvariantCulture, $"part{offset}"));
        await File.WriteAllBytesAsync(file, Tree.Big[offset..(offset + count)]);
        return file;
    }

    private static async Task<string> ShellAsync(string script, params string[] arguments) =>
        (await _network!["client"].RunAsync(Limit, ["env", "LC_ALL=C.UTF-8", "sh", "-c", script, "sh", .. arguments])).OutputIfDone();
}
