using Dftp.FileSystem;
using Dftp.Ftp;
using Dftp.Tests.Support;

namespace Dftp.Tests.Ftp;

/// <summary>Sessions of users who may not read everything.</summary>
[TestClass]
public sealed class PrincipalTests
{
    private static readonly Principal Guest = new("guest", [
        new(VirtualPath.Root, Right.Read), new(VirtualPath.Parse("/secret"), Right.None), new(VirtualPath.Parse("/listed"), Right.List),
    ]);

    private static readonly FtpOptions Options = new()
    {
        LogIn = (user, password) => (user, password) switch
        {
            ("guest", "right") => Guest,
            ("admin", "right") => Principal.Anonymous,
            _ => null,
        },
    };

    private static MemoryFileTree Tree => new MemoryFileTree()
        .File("/open", "hello").File("/secret/hidden", new byte[5000]).File("/listed/name", "text");

    [TestMethod]
    public async Task ALogin_DecidesWhatTheSessionSees()
    {
        await using var host = await FtpHost.StartAsync(Tree, Options);
        using var client = await host.ConnectAsync();
        await client.ReadReplyAsync();
        await client.ExpectAsync(331, "USER guest");
        await client.ExpectAsync(530, "PASS wrong");
        await client.ExpectAsync(331, "USER guest");
        await client.ExpectAsync(230, "PASS right");
        await client.ExpectAsync(200, "TYPE I");

        await client.ExpectAsync(213, "SIZE /open");
        await client.ExpectAsync(550, "SIZE /secret/hidden");
        await client.ExpectAsync(550, "MDTM /secret/hidden");
        await client.ExpectAsync(550, "MLST /secret");
        await client.ExpectAsync(550, "STAT /secret");
        await client.ExpectAsync(550, "CWD /secret");
        await client.ExpectAsync(550, "HASH /secret/hidden");
        await client.ExpectAsync(550, "XSHA256 /secret/hidden");
        await client.ExpectAsync(550, "AVBL /secret");
        await client.ExpectAsync(250, "MLST /listed/name");
        await client.ExpectAsync(550, "HASH /listed/name");
        await client.ExpectAsync(550, "SIZE /listed/name");

        await client.ExpectAsync(331, "USER admin");
        await client.ExpectAsync(230, "PASS right");
        await client.ExpectAsync(213, "SIZE /secret/hidden");
        await client.ExpectAsync(250, "CWD /secret");
    }

    [TestMethod]
    public async Task AHiddenPlace_IsRefusedAsAnAbsentOneIs()
    {
        await using var host = await FtpHost.StartAsync(Tree, Options);
        using var client = await host.ConnectAsync();
        await client.ReadReplyAsync();
        await client.ExpectAsync(331, "USER guest");
        await client.ExpectAsync(230, "PASS right");
        await client.ExpectAsync(200, "TYPE I");

        foreach (var verb in new[] { "SIZE", "RETR", "LIST", "NLST", "MLSD", "CWD", "MLST", "HASH" })
        {
            Assert.AreEqual(
                await client.SendAsync($"{verb} /absent"),
                (await client.SendAsync($"{verb} /secret")).Replace("/secret", "/absent", StringComparison.Ordinal));
        }
    }
}
