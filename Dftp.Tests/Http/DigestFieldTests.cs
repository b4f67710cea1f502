using System.Net;
using System.Security.Cryptography;
using Dftp.FileSystem;
using Dftp.Tests.Support;

namespace Dftp.Tests.Http;

[TestClass]
public sealed class DigestFieldTests
{
    private const string Want = "Want-Repr-Digest";
    private const string Text = "{\"hello\": \"world\"}\n";

    // RFC 9530, appendix B.1: the digest of this very representation.
    private const string Digest = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";

    private static MemoryFileTree Tree() => new MemoryFileTree().File("/hello.json", Text);

    [TestMethod]
    public async Task DigestThatNobodyKnows_IsNotSentUnasked()
    {
        await using var site = await HttpSite.StartAsync(Tree());

        Assert.IsNull(await DigestAsync(site, HttpMethod.Get));
        Assert.IsNull(await DigestAsync(site, HttpMethod.Head));
    }

    // "Want-Repr-Digest indicates that the sender would like to receive (via the Repr-Digest field) a representation digest"; from
    // then on it is known.
    [TestMethod]
    public async Task DigestThatIsWanted_IsComputedOnce_AndThenSentUnasked()
    {
        var tree = Tree();
        var opened = 0;
        tree.Content = (_, bytes, range) =>
        {
            opened++;
            return new MemoryContent(bytes, range);
        };
        await using var site = await HttpSite.StartAsync(tree);

        Assert.AreEqual(Digest, await DigestAsync(site, HttpMethod.Head, (Want, "sha-256=10")));
        Assert.AreEqual(1, opened);
        Assert.AreEqual(Digest, await DigestAsync(site, HttpMethod.Head, (Want, "sha-256=10")));
        Assert.AreEqual(Digest, await DigestAsync(site, HttpMethod.Head));
        Assert.AreEqual(1, opened);
        Assert.AreEqual(Digest, await DigestAsync(site, HttpMethod.Get, (Want, "sha-256=1")));
    }

    // Without it the file would be read and hashed by a peer that asks.
    [TestMethod]
    public async Task DigestForWhichTooManyWait_IsAskedForOnBehalfOfTheClient_And503()
    {
        var tree = Tree();
        tree.DigestError = new FileError(FileErrorKind.Busy, "too many digests are being computed");
        await using var site = await HttpSite.StartAsync(tree);

        using var answer = await site.SendAsync(HttpMethod.Head, "/fs/hello.json", (Want, "sha-256=10"));

        Assert.AreEqual(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.IsNotNull(answer.Headers.RetryAfter);
        Assert.AreEqual(IPAddress.Loopback, tree.DigestClients.Single());
    }

    [TestMethod]
    public async Task DigestOfAFileThatChanges_IsThatOfTheNewContent()
    {
        var tree = Tree();
        await using var site = await HttpSite.StartAsync(tree);
        await DigestAsync(site, HttpMethod.Head, (Want, "sha-256=10"));
        tree.File("/hello.json", "other", UnixTime.FromSeconds(5));

        Assert.IsNull(await DigestAsync(site, HttpMethod.Head));
        Assert.AreEqual(
            $"sha-256=:{Convert.ToBase64String(SHA256.HashData("other"u8))}:",
                await DigestAsync(site, HttpMethod.Get, (Want, "sha-256=10")));
    }

    // Section 3, appendix B.4: "Repr-Digest ... is calculated over the entire representation", also for a partial answer.
    [TestMethod]
    public async Task DigestOfAPart_IsThatOfTheWhole()
    {
        await using var site = await HttpSite.StartAsync(Tree());

        using var response = await site.GetAsync("/fs/hello.json", (Want, "sha-256=10"), ("Range", "bytes=1-7"));

        Assert.AreEqual(HttpStatusCode.PartialContent, response.StatusCode);
        Assert.AreEqual(Text[1..8], await response.Content.ReadAsStringAsync());
        Assert.AreEqual(Digest, response.Headers.GetValues("Repr-Digest").Single());
    }

    // Section 4: "its value is an Integer ... a non-negative integer from 0 to 10: the special value 0 means 'not acceptable'".
    // RFC 9651, section 4.2: a field that fails to parse is ignored.
    [TestMethod]
    [DataRow("sha-256=10", true)]
    [DataRow("sha-512=3, sha-256=10, unixsum=0", true)]
    [DataRow("sha-512=3,\t sha-256=1", true)]
    [DataRow("sha-256=0, sha-256=5", true)]
    [DataRow("sha-256=5;a;b=c", true)]
    [DataRow("sha-256=5, sha-256=0", false)]
    [DataRow("sha-256=0", false)]
    [DataRow("sha-512=10", false)]
    [DataRow("sha-256", false)]
    [DataRow("sha-256=11", false)]
    [DataRow("sha-256=-1", false)]
    [DataRow("sha-256=5.0", false)]
    [DataRow("sha-256=?1", false)]
    [DataRow("sha-256=10,", false)]
    [DataRow("sha-256=10 sha-512=3", false)]
    [DataRow("SHA-256=10", false)]
    [DataRow("sha-256 = 10", false)]
    [DataRow(", sha-256=10", false)]
    [DataRow("99999999999999=1", false)]
    [DataRow("", false)]
    public async Task Preference_IsReadAsAStructuredField(string field, bool isComputed)
    {
        await using var site = await HttpSite.StartAsync(Tree());

        Assert.AreEqual(isComputed ? Digest : null, await DigestAsync(site, HttpMethod.Head, (Want, field)));
    }

    [TestMethod]
    public async Task DigestThatIsNotAcceptable_IsNotSentEvenWhenItIsKnown()
    {
        await using var site = await HttpSite.StartAsync(Tree());
        await DigestAsync(site, HttpMethod.Head, (Want, "sha-256=10"));

        Assert.IsNull(await DigestAsync(site, HttpMethod.Head, (Want, "sha-256=0")));
        Assert.IsNull(await DigestAsync(site, HttpMethod.Get, (Want, "sha-256=0")));
        Assert.AreEqual(Digest, await DigestAsync(site, HttpMethod.Get, (Want, "md5=1")) ?? await DigestAsync(site, HttpMethod.Head));
    }

    [TestMethod]
    public async Task ClientThatLeaves_StopsTheComputing()
    {
        var tree = Tree();
        var reading = new TaskCompletionSource();
        var stopped = new TaskCompletionSource();
        tree.Content = (_, _, range) => new WaitingContent(range, reading, stopped);
        await using var site = await HttpSite.StartAsync(tree);
        using var leave = new CancellationTokenSource();
        using var request = new HttpRequestMessage(HttpMethod.Head, site.Url("/fs/hello.json"));
        request.Headers.TryAddWithoutValidation(Want, "sha-256=10");

        var sending = site.Client.SendAsync(request, leave.Token);
        await reading.Task.WaitAsync(TimeSpan.FromSeconds(20));
        await leave.CancelAsync();

        await Assert.ThrowsExactlyAsync<TaskCanceledException>(() => sending);
        await stopped.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }

    private static async Task<string?> DigestAsync(HttpSite site, HttpMethod method, params (string Name, string Value)[] headers)
    {
        using var response = await site.SendAsync(method, "/fs/hello.json", headers);
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
        return response.Headers.TryGetValues("Repr-Digest", out var values) ? values.Single() : null;
    }

    private sealed class WaitingContent(ByteRange range, TaskCompletionSource reading, TaskCompletionSource stopped) : FileContent
    {
        public override long Length => range.Length;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            reading.TrySetResult();
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
                return 0;
            }
            finally
            {
                stopped.TrySetResult();
            }
        }

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
