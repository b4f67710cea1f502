using System.Net;
using System.Text;
using System.Text.Json;
using Dftp.Cluster.Replication;
using Dftp.Tests.Support;

namespace Dftp.Tests.Cluster.Management;

/// <summary>POST /ranges/, by which a node asks what a peer knows of it.</summary>
[TestClass]
public sealed class RangesRouteTests
{
    private const string TooMany = "too many", Long = "long";

    [TestMethod]
    public async Task Question_IsAnsweredWithDigestsOfWhatIsKnown()
    {
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", [("f", "x"), ("d/g", "y")]);
        var b = await cluster.StartAsync("b", []);
        await cluster.UniteAsync();

        using var answer = await AskAsync(b, """{"SenderNodeName":"a","Ranges":"0:0","Split":8}""");
        var body = await answer.Content.ReadAsByteArrayAsync();

        Assert.AreEqual(HttpStatusCode.OK, answer.StatusCode, Encoding.UTF8.GetString(body));
        Assert.AreEqual("application/json", answer.Content.Headers.ContentType!.MediaType);
        var read = RangeAnswer.Parse(body);
        using var json = JsonDocument.Parse(await TestCluster.Http.GetStringAsync(new Uri(a.Management, "/cluster/")));
        Assert.AreEqual(json.RootElement.GetProperty("Me").GetProperty("Digest").GetString(), read.KnownDigest.ToString("x16", null));
        Assert.AreEqual(256, read.Digests.Length);
        Assert.AreEqual(3, read.Digests.Count(digest => digest != 0), "a file, a directory, and a file in it");
    }

    [TestMethod]
    [DataRow("", 400, "JSON")]
    [DataRow("[]", 400, "JSON")]
    [DataRow("nonsense", 400, "JSON")]
    [DataRow("""{"SenderNodeName":"a"}""", 400, "Ranges is missing")]
    [DataRow("""{"SenderNodeName":5,"Ranges":"0:0","Split":8}""", 400, "JSON")]
    [DataRow("""{"SenderNodeName":"a b","Ranges":"0:0","Split":8}""", 400, "SenderNodeName")]
    [DataRow("""{"Ranges":"0:0","Split":8}""", 400, "SenderNodeName")]
    [DataRow("""{"SenderNodeName":"a","Ranges":"8:5,4","Split":2}""", 400, "ascending")]
    [DataRow("""{"SenderNodeName":"a","Ranges":"\ud800","Split":2}""", 400, "JSON")]
    [DataRow("""{"SenderNodeName":"a","Ranges":"0:0"}""", 400, "Split")]
    [DataRow("""{"SenderNodeName":"a","Ranges":"0:0","Split":-1}""", 400, "Split")]
    [DataRow("""{"SenderNodeName":"a","Ranges":"0:0","Split":1.5}""", 400, "Split")]
    [DataRow("""{"SenderNodeName":"a","Ranges":"18:0","Split":3}""", 400, "20 bits")]
    [DataRow("""{"SenderNodeName":"a","Ranges":"0:0","Split":2147483647}""", 400, "20 bits")]
    [DataRow("""{"SenderNodeName":"a","X":[[[[[[]]]]]],"Ranges":"0:0","Split":2}""", 400, "JSON")]
    [DataRow("""{"SenderNodeName":"a","Ranges":"0:0","Split":20}""", 413, "65536 digests")]
    [DataRow(TooMany, 400, "16384 are allowed")]
    [DataRow(Long, 413, "")]
    [DataRow("""{"SenderNodeName":"stranger","Ranges":"0:0","Split":8}""", 404, "stranger")]
    public async Task QuestionThatCannotBeAnswered_IsRefusedWithOneSentence(string body, int status, string part)
    {
        if (body == TooMany)
            body = $$"""{"SenderNodeName":"a","Ranges":"20:{{string.Join(',', Enumerable.Range(0, EntryRanges.MaxCount + 1).Select(prefix => $"{prefix:x}"))}}","Split":0}""";
        if (body == Long) body = new string(' ', RangeQuestion.MaxBytes + 1);
        await using var cluster = new TestCluster();
        var node = await cluster.StartAsync("b", []);

        using var answer = await AskAsync(node, body);
        var sentence = await answer.Content.ReadAsStringAsync();

        Assert.AreEqual(status, (int)answer.StatusCode, sentence);
        StringAssert.Contains(sentence, part);
        Assert.AreEqual(1, sentence.Count(c => c == '\n'), sentence);
        Assert.AreEqual("", await node.GetAsync("/find/"), "the node serves on");
    }

    private static async Task<HttpResponseMessage> AskAsync(TestNode node, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        return await TestCluster.Http.PostAsync(new Uri(node.Management, "/ranges/"), content);
    }
}
