using System.Text;
using Dftp.FileSystem;
using Dftp.Ftp;
using Dftp.Ftp.Commands;
using Dftp.Tests.Ftp;
using Dftp.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Dftp.Tests.Access;

/// <summary>As <see cref="HiddenFromHttpTests"/>, for every command of FTP, with hidden, visible and absent paths.</summary>
[TestClass]
public sealed class HiddenFromFtpTests : IAsyncDisposable
{
    private static readonly string[] Paths =
    [
        "/", "/secret", "/secret/", "/secret/plan.txt", "/secret/deep", "/secret/deep/key.pem", "/secret/none", "/none", "/music",
        "/music/private", "/music/private/demo.mp3", "/music/song.mp3", "/pub", "/pub/hidden.txt", "/pub/one.txt", "/pub/sub",
        "/pub/sub/only-b.txt", "/empty", "/top.txt", "secret", "secret/plan.txt",
    ];

    /// <summary>Commands whose answers have nothing of the tree; several would end the session.</summary>
    private static readonly string[] WithoutTree =
    [
        "USER", "PASS", "ACCT", "HOST", "CLNT", "CSID", "REIN", "QUIT", "AUTH", "PBSZ", "PROT", "FEAT", "OPTS", "HELP", "SYST", "NOOP",
        "SITE", "TYPE", "MODE", "STRU", "ALLO", "REST", "PASV", "EPSV", "PORT", "EPRT", "ABOR",
    ];

    private static readonly string[] TakesAPath =
    [
        "STAT", "CWD", "XCWD", "SIZE", "MDTM", "MLST", "HASH", "XSHA256", "AVBL", "DELE", "RMD", "XRMD", "MKD", "XMKD", "RNFR", "RNTO",
    ];

    /// <summary>Commands that answer by a data connection.</summary>
    private static readonly string[] Transfers = ["RETR", "LIST", "LIST -R", "LIST -a", "NLST", "NLST -R", "MLSD", "STOR", "APPE"];

    /// <summary>Commands that depend on the working directory.</summary>
    private static readonly string[] OfTheDirectory = ["PWD", "XPWD", "CDUP", "XCUP", "MLST", "STAT"];

    private readonly HiddenTree _with = new(hasSecrets: true), _without = new(hasSecrets: false);
    private readonly FakeTimeProvider _time = new(WholeRun.Time);
    private readonly List<FtpHost> _hosts = [];

    [TestMethod]
    public void EveryCommand_IsProbed_OrHasNothingOfTheTree()
    {
        string[] probed =
            [.. WithoutTree, .. TakesAPath, .. Transfers.Select(command => command.Split(' ')[0]), .. OfTheDirectory, "STOU", "MFMT"];

        foreach (var command in CommandTable.All)
            CollectionAssert.Contains(probed, command.Verb, $"{command.Verb} is not probed for what it tells of hidden places");
    }

    [TestMethod]
    public async Task EveryCommand_AnswersAsIfTheHiddenPlacesHadNeverExisted()
    {
        _with.LoseHiddenPlace();
        var answers = await Task.WhenAll(AnswersAsync(_with, HiddenTree.User), AnswersAsync(_without, HiddenTree.User));

        var told = answers[0].Zip(answers[1]).Where(pair => pair.First != pair.Second).ToList();
        Assert.AreEqual(0, told.Count, string.Join("\n\n", told.Take(10).Select(pair => $"{pair.First}\nwithout them {pair.Second}")));
    }

    // The probes find what is hidden: somebody who sees everything tells the two trees apart by each of these commands.
    [TestMethod]
    public async Task Commands_ShowToOthersWhatIsHidden()
    {
        var answers = await Task.WhenAll(AnswersAsync(_with, Principal.Anonymous), AnswersAsync(_without, Principal.Anonymous));

        var telling = answers[0].Zip(answers[1])
            .Where(pair => pair.First != pair.Second).Select(pair => pair.First.Split(' ')[0]).ToHashSet();
        foreach (var command in new[] { "STAT", "CWD", "SIZE", "MDTM", "MLST", "HASH", "XSHA256", "RETR", "LIST", "NLST", "MLSD" })
            Assert.IsTrue(telling.Contains(command), $"{command} tells nobody what is hidden: its probes prove nothing");
    }

    [TestMethod]
    public async Task ChangeOfAHiddenFile_ChangesNoAnswer()
    {
        var host = await HostAsync(_with, HiddenTree.User);
        var before = await AnswersAsync(host);

        _with.HidePlan();
        _with.HideFile(HiddenTree.B, "/music/private/new.mp3", "new");
        _with.RemoveHidden(HiddenTree.C, "/secret/node-c.txt");

        CollectionAssert.AreEqual(before, await AnswersAsync(host));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts) await host.DisposeAsync();
        await _with.DisposeAsync();
        await _without.DisposeAsync();
    }

    private async Task<FtpHost> HostAsync(HiddenTree tree, Principal principal)
    {
        var host = await FtpHost.StartAsync(tree, new FtpOptions { LogIn = (_, _) => principal }, _time);
        _hosts.Add(host);
        return host;
    }

    private async Task<List<string>> AnswersAsync(HiddenTree tree, Principal principal) =>
        await AnswersAsync(await HostAsync(tree, principal));

    private static async Task<List<string>> AnswersAsync(FtpHost host)
    {
        using var client = await host.LogInAsync();
        var answers = new List<string>();
        foreach (var command in Paths.SelectMany(path => TakesAPath.Select(verb => $"{verb} {path}").Append($"MFMT 20200101000000 {path}")))
        {
            answers.Add($"{command} → {await client.SendAsync(command)}");
            if (!command.Contains("CWD", StringComparison.Ordinal)) continue;
            foreach (var verb in OfTheDirectory) answers.Add($"{command}, {verb} → {await client.SendAsync(verb)}");
            answers.Add($"{command}, LIST → {await TransferAsync(client, "LIST")}");
            await client.ExpectAsync(250, "CWD /");
        }

        foreach (var command in Paths.SelectMany(path => Transfers.Select(verb => $"{verb} {path}")).Append("STOU"))
            answers.Add($"{command} → {await TransferAsync(client, command)}");
        return answers;
    }

    /// <summary>The replies and the data.</summary>
    private static async Task<string> TransferAsync(RawFtpClient client, string command)
    {
        using var data = await client.OpenPassiveAsync();
        var first = await client.SendAsync(command);
        if (RawFtpClient.CodeOf(first) != 150) return first;
        var bytes = await client.ReadToEndAsync(data);
        return $"{first}\n{await client.ReadReplyAsync()}\n{Encoding.UTF8.GetString(bytes)}";
    }
}
