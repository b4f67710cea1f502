using Dftp.Ftp;

namespace Dftp.Tests.Ftp;

[TestClass]
public sealed class LoginTests
{
    // RFC 959, section 5.4: "One important group of informational replies is the connection greetings. Under normal circumstances, a
    // server will send a 220 reply".
    [TestMethod]
    public async Task Connection_IsGreetedBy220()
    {
        await using var host = await FtpHost.StartAsync();
        using var client = await host.ConnectAsync();
        await client.ExpectAsync(220);
    }

    // RFC 1635: anonymous, and by custom ftp, with any password.
    [TestMethod]
    [DataRow("anonymous", "PASS me@example.org")]
    [DataRow("ANONYMOUS", "PASS")]
    [DataRow("ftp", "PASS ")]
    [DataRow("ftp", "PASS two words")]
    public async Task Anonymous_LogsInWithAnyPassword(string user, string pass)
    {
        await using var host = await FtpHost.StartAsync();
        using var client = await host.ConnectAsync();
        await client.ExpectAsync(220);
        await client.ExpectAsync(331, $"USER {user}");
        await client.ExpectAsync(230, pass);
        await client.ExpectAsync(257, "PWD");
    }

    // The server does not reveal whether the user or the password is wrong.
    [TestMethod]
    public async Task UnknownUser_GetsTheSame331AndThen530()
    {
        await using var host = await FtpHost.StartAsync();
        using var client = await host.ConnectAsync();
        await client.ExpectAsync(220);
        var known = await client.ExpectAsync(331, "USER anonymous");
        Assert.AreEqual(known, await client.ExpectAsync(331, "USER root"));
        await client.ExpectAsync(530, "PASS secret");
        await client.ExpectAsync(530, "PWD");
    }

    [TestMethod]
    public async Task FailedLogins_EndTheSessionBy421()
    {
        await using var host = await FtpHost.StartAsync(options: new FtpOptions { MaxFailedLogins = 2 });
        using var client = await host.ConnectAsync();
        await client.ExpectAsync(220);
        await client.ExpectAsync(331, "USER root");
        await client.ExpectAsync(530, "PASS a");
        await client.ExpectAsync(220, "REIN");
        await client.ExpectAsync(331, "USER root");
        await client.ExpectAsync(421, "PASS b");
        await client.ExpectEndAsync();
    }

    // RFC 959, section 5.4: PASS: "503 Bad sequence of commands".
    [TestMethod]
    public async Task Pass_BeforeUser_Is503()
    {
        await using var host = await FtpHost.StartAsync();
        using var client = await host.ConnectAsync();
        await client.ExpectAsync(220);
        await client.ExpectAsync(503, "PASS me@");
    }

    // RFC 959, section 5.4: "530 Not logged in."
    [TestMethod]
    [DataRow("PWD")]
    [DataRow("CWD /")]
    [DataRow("LIST")]
    [DataRow("NLST")]
    [DataRow("MLSD")]
    [DataRow("MLST")]
    [DataRow("RETR a")]
    [DataRow("SIZE a")]
    [DataRow("PASV")]
    [DataRow("EPSV")]
    [DataRow("PORT 127,0,0,1,200,1")]
    [DataRow("EPRT |1|127.0.0.1|50000|")]
    [DataRow("TYPE I")]
    [DataRow("STOR a")]
    [DataRow("SYST")]
    [DataRow("STAT")]
    [DataRow("ABOR")]
    [DataRow("RETR")]
    public async Task Command_BeforeLogin_Is530(string command)
    {
        await using var host = await FtpHost.StartAsync();
        using var client = await host.ConnectAsync();
        await client.ExpectAsync(220);
        await client.ExpectAsync(530, command);
        await client.ExpectAsync(331, "USER anonymous");
        await client.ExpectAsync(530, command);
    }

    // FEAT and OPTS work before the login, too. RFC 959, HELP: "It is suggested that HELP be allowed before entering a USER command."
    [TestMethod]
    [DataRow("FEAT", 211)]
    [DataRow("OPTS UTF8 ON", 200)]
    [DataRow("CLNT tests", 200)]
    [DataRow("CSID Name=tests;", 200)]
    [DataRow("HELP", 214)]
    [DataRow("ACCT x", 202)]
    [DataRow("REIN", 220)]
    public async Task Command_ForAnyone_WorksBeforeLogin(string command, int code)
    {
        await using var host = await FtpHost.StartAsync();
        using var client = await host.ConnectAsync();
        await client.ExpectAsync(220);
        await client.ExpectAsync(code, command);
    }

    // RFC 7151: HOST comes before the login begins; after USER it is a bad sequence of commands.
    [TestMethod]
    public async Task Host_Is220BeforeUserAnd503After()
    {
        await using var host = await FtpHost.StartAsync();
        using var client = await host.ConnectAsync();
        await client.ExpectAsync(220);
        await client.ExpectAsync(220, "HOST ftp.example.org");
        await client.ExpectAsync(331, "USER anonymous");
        await client.ExpectAsync(503, "HOST ftp.example.org");
        await client.ExpectAsync(230, "PASS x");
        await client.ExpectAsync(503, "HOST ftp.example.org");
    }

    // RFC 959: "This command terminates a USER and if file transfer is not in progress, the server closes the control connection."
    [TestMethod]
    public async Task Quit_Is221_AndClosesTheConnection()
    {
        await using var host = await FtpHost.StartAsync();
        using var client = await host.LogInAsync();
        await client.ExpectAsync(221, "QUIT");
        await client.ExpectEndAsync();
    }

    // RFC 959: REIN "terminates a USER, flushing all I/O and account information ... All parameters are reset to the default settings".
    [TestMethod]
    public async Task Rein_ForgetsTheSession()
    {
        await using var host = await FtpHost.StartAsync();
        host.Tree.File("/d/a.txt", "abc");
        using var client = await host.LogInAsync();
        await client.ExpectAsync(250, "CWD d");
        await client.ExpectAsync(350, "REST 2");
        await client.ExpectAsync(200, "EPSV ALL");
        await client.ExpectAsync(220, "REIN");
        await client.ExpectAsync(530, "PWD");
        await client.ExpectAsync(331, "USER ftp");
        await client.ExpectAsync(230, "PASS x");
        Assert.AreEqual("257 \"/\" is the current directory", await client.SendAsync("PWD"));
        await client.ExpectAsync(550, "SIZE /d/a.txt");
        Assert.AreEqual("abc", await client.FetchTextAsync("RETR /d/a.txt"));
    }
}
