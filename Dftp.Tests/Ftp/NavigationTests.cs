using Dftp.FileSystem;

namespace Dftp.Tests.Ftp;

[TestClass]
public sealed class NavigationTests
{
    // RFC 959, appendix II: a quotation mark inside the quoted name is doubled (the "quote-doubling" convention).
    // RFC 959, section 5.3.2: a pathname is any string; spaces at its ends belong to it.
    [TestMethod]
    public async Task Names_KeepTheirSpaces()
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/ / a ", "spaces");
        using var client = await host.LogInAsync();
        await client.ExpectAsync(250, "CWD  ");
        StringAssert.Contains(await client.ExpectAsync(257, "PWD"), "\"/ \"");
        await client.ExpectAsync(213, "SIZE  a ");
        await client.ExpectAsync(550, "SIZE a");
        Assert.AreEqual("spaces", await client.FetchTextAsync("RETR  a "));
        CollectionAssert.AreEqual(new[] { " a " }, await client.FetchLinesAsync("NLST"));
    }

    [TestMethod]
    public async Task Pwd_QuotesThePath()
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.Directory("/say \"hi\"/deep");
        using var client = await host.LogInAsync();
        StringAssert.StartsWith(await client.ExpectAsync(257, "PWD"), "257 \"/\" ");
        await client.ExpectAsync(250, "CWD say \"hi\"/deep");
        StringAssert.StartsWith(await client.ExpectAsync(257, "PWD"), "257 \"/say \"\"hi\"\"/deep\" ");
        StringAssert.StartsWith(await client.ExpectAsync(257, "XPWD"), "257 \"/say \"\"hi\"\"/deep\" ");
    }

    [TestMethod]
    public async Task Cwd_GoesToDirectoriesOnly()
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/d/é/a.txt", "abc");
        using var client = await host.LogInAsync();
        await client.ExpectAsync(250, "CWD d");
        await client.ExpectAsync(250, "XCWD é");
        await client.ExpectAsync(550, "CWD a.txt");
        await client.ExpectAsync(550, "CWD missing");
        StringAssert.StartsWith(await client.SendAsync("PWD"), "257 \"/d/é\"");
    }

    // ".." stops at the root.
    [TestMethod]
    public async Task Cdup_StopsAtTheRoot()
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.Directory("/a/b");
        using var client = await host.LogInAsync();
        await client.ExpectAsync(250, "CWD /a/b");
        await client.ExpectAsync(250, "CDUP");
        StringAssert.StartsWith(await client.SendAsync("PWD"), "257 \"/a\"");
        await client.ExpectAsync(250, "XCUP");
        await client.ExpectAsync(250, "CDUP");
        await client.ExpectAsync(250, "CWD ../../..");
        StringAssert.StartsWith(await client.SendAsync("PWD"), "257 \"/\"");
    }

    // RFC 3659, section 4: SIZE is what a transfer would send; section 3: MDTM is YYYYMMDDHHMMSS in UTC.
    [TestMethod]
    public async Task SizeAndMdtm_ReportFiles()
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/d/a.bin", new byte[70_000], UnixTime.FromSeconds(1_700_000_000));
        using var client = await host.LogInAsync();
        Assert.AreEqual("213 70000", await client.SendAsync("SIZE /d/a.bin"));
        Assert.AreEqual("213 20231114221320", await client.SendAsync("MDTM d/a.bin"));
        await client.ExpectAsync(550, "SIZE /d");
        await client.ExpectAsync(550, "SIZE /none");
        await client.ExpectAsync(550, "MDTM /d");
        await client.ExpectAsync(550, "MDTM /none");
        await client.ExpectAsync(200, "TYPE A");
        await client.ExpectAsync(550, "SIZE /d/a.bin");
        await client.ExpectAsync(213, "MDTM /d/a.bin");
    }

    // RFC 3659, section 7.2: "facts ... SP pathname", and the line of MLST's reply is indented by one space.
    [TestMethod]
    public async Task Mlst_ReportsTheFactsOfOneEntry()
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/d/a b.txt", "12345", UnixTime.FromSeconds(1_700_000_000));
        using var client = await host.LogInAsync();
        var lines = (await client.ExpectAsync(250, "MLST d/a b.txt")).Split('\n');
        Assert.AreEqual(3, lines.Length);
        StringAssert.StartsWith(lines[1], " type=file;size=5;modify=20231114221320;perm=r;unique=");
        StringAssert.EndsWith(lines[1], ";UNIX.mode=0644; /d/a b.txt");
        Assert.AreEqual("250 End", lines[2]);
        StringAssert.Contains(await client.ExpectAsync(250, "MLST"), "\n type=dir;");
        await client.ExpectAsync(550, "MLST none");
    }

    // RFC 3659, section 7.9: the reply names the facts that are now in use, unknown ones left out.
    [TestMethod]
    public async Task OptsMlst_SelectsFacts()
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/a", "12345");
        using var client = await host.LogInAsync();
        Assert.AreEqual("200 MLST OPTS type;size;", await client.SendAsync("OPTS MLST SIZE;nonsense;Type;"));
        Assert.AreEqual(" type=file;size=5; /a", (await client.SendAsync("MLST a")).Split('\n')[1]);
        StringAssert.Contains(await client.SendAsync("FEAT"), "\n MLST type*;size*;modify;perm;unique;UNIX.mode;\n");
        Assert.AreEqual("200 MLST OPTS", await client.SendAsync("OPTS MLST"));
        Assert.AreEqual("  /a", (await client.SendAsync("MLST a")).Split('\n')[1]);
    }
}
