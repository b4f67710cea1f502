using Dftp.Ftp.Commands;

namespace Dftp.Tests.Ftp;

[TestClass]
public sealed class InformationTests
{
    // RFC 2389, section 3.2: "211-", each feature indented by exactly one space, "211 End"; only what the server supports.
    // RFC 3659, section 7.8: MLSD is never listed, MLST stands for both.
    [TestMethod]
    public async Task Feat_ListsTheSupportedFeatures()
    {
        await using var host = await FtpHost.StartAsync();
        using var client = await host.LogInAsync();
        var lines = (await client.ExpectAsync(211, "FEAT")).Split('\n');
        StringAssert.StartsWith(lines[0], "211-");
        Assert.AreEqual("211 End", lines[^1]);
        foreach (var line in lines[1..^1])
        {
            Assert.IsTrue(line[0] == ' ' && line[1] != ' ', line);
            var verb = line[1..].Split(' ')[0];
            Assert.IsTrue(verb is "UTF8" or "TVFS" || CommandTable.Find(verb) is not null, $"{verb} is no command");
        }

        CollectionAssert.Contains(lines, " MLST type*;size*;modify*;perm*;unique*;UNIX.mode*;");
        CollectionAssert.Contains(lines, " REST STREAM");
        Assert.IsFalse(lines.Any(line => line.Contains("MLSD", StringComparison.Ordinal)));
    }

    [TestMethod]
    [DataRow("OPTS UTF8 ON", 200)]
    [DataRow("opts utf8 on", 200)]
    [DataRow("OPTS UTF8", 200)]
    [DataRow("OPTS UTF8 OFF", 501)]
    [DataRow("OPTS MLSD x", 501)]
    [DataRow("OPTS", 501)]
    [DataRow("SYST", 215)]
    [DataRow("NOOP", 200)]
    [DataRow("HELP", 214)]
    [DataRow("HELP retr", 214)]
    [DataRow("HELP XYZZY", 502)]
    [DataRow("SITE HELP", 214)]
    [DataRow("SITE CHMOD 644 a", 550)]
    [DataRow("SITE XYZZY", 504)]
    [DataRow("SITE", 501)]
    [DataRow("STAT", 211)]
    [DataRow("STAT none", 550)]
    [DataRow("AVBL", 213)]
    [DataRow("AVBL /", 213)]
    [DataRow("AVBL none", 550)]
    [DataRow("XYZZY", 500)]
    [DataRow("SMNT /", 502)]
    [DataRow("LANG", 502)]
    [DataRow("CCC", 502)]
    [DataRow("", 500)]
    [DataRow("RETR", 501)]
    [DataRow("RETR ", 501)]
    [DataRow("CWD", 501)]
    public async Task Command_GetsOneReply(string command, int code)
    {
        await using var host = await FtpHost.StartAsync();
        using var client = await host.LogInAsync();
        await client.ExpectAsync(code, command);
        await client.ExpectAsync(221, "QUIT");
        await client.ExpectEndAsync();
    }

    // RFC 959, section 4.1.3: with a pathname STAT is "analogous to the "list" command except that data shall be transferred over the
    // control connection"; 212 for a directory, 213 for a file.
    [TestMethod]
    public async Task Stat_WithAPath_ListsOnTheControlConnection()
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/d/a.txt", "abc").File("/d/b.txt", "");
        using var client = await host.LogInAsync();
        var directory = (await client.ExpectAsync(212, "STAT -l /d")).Split('\n');
        Assert.AreEqual(4, directory.Length);
        StringAssert.EndsWith(directory[1], " a.txt");
        var file = (await client.ExpectAsync(213, "STAT d/a.txt")).Split('\n');
        Assert.AreEqual(3, file.Length);
        StringAssert.StartsWith(file[1], "-rw-r--r--");
    }

    // The tree is read-only: 550, and RNTO without RNFR 503.
    [TestMethod]
    [DataRow("APPE x", 550)]
    [DataRow("STOU", 550)]
    [DataRow("DELE x", 550)]
    [DataRow("RMD x", 550)]
    [DataRow("XRMD x", 550)]
    [DataRow("MKD x", 550)]
    [DataRow("XMKD x", 550)]
    [DataRow("RNFR x", 550)]
    [DataRow("RNTO x", 503)]
    [DataRow("MFMT 20200101000000 x", 550)]
    public async Task Writing_IsRefused(string command, int code)
    {
        await using var host = await FtpHost.StartAsync();
        using var client = await host.LogInAsync();
        await client.ExpectAsync(code, command);
        await client.ExpectAsync(200, "NOOP");
    }

    [TestMethod]
    [DataRow("TYPE A", 200)]
    [DataRow("TYPE a n", 200)]
    [DataRow("TYPE I", 200)]
    [DataRow("TYPE L 8", 200)]
    [DataRow("TYPE L 7", 504)]
    [DataRow("TYPE E", 504)]
    [DataRow("TYPE", 501)]
    [DataRow("MODE S", 200)]
    [DataRow("MODE B", 504)]
    [DataRow("STRU F", 200)]
    [DataRow("STRU R", 504)]
    [DataRow("ALLO 100", 202)]
    [DataRow("ALLO 100 R 10", 202)]
    [DataRow("ALLO many", 501)]
    [DataRow("REST 0", 350)]
    [DataRow("REST -1", 501)]
    [DataRow("REST 99999999999999999999", 501)]
    [DataRow("REST x", 501)]
    public async Task TransferParameter_IsAcceptedOrRefused(string command, int code)
    {
        await using var host = await FtpHost.StartAsync();
        using var client = await host.LogInAsync();
        await client.ExpectAsync(code, command);
    }
}
