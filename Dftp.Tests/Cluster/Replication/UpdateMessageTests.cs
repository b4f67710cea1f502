using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Dftp.Cluster.Index;
using Dftp.Cluster.Replication;
using Dftp.FileSystem;
using Dftp.Tests.Cluster.Index;

namespace Dftp.Tests.Cluster.Replication;

[TestClass]
public sealed class UpdateMessageTests
{
    private static readonly JsonSerializerOptions Raw = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly NodeName Sender = NodeName.Parse("server1");

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task FullUpdate_ReadBack_GivesTheSameHolding(bool toLegacy)
    {
        var random = new Random(1);
        var tree = new TreeWriter();
        var entries = new List<EntryChange>();
        for (var index = 0; index < 5000; index++)
        {
            var path = VirtualPath.Parse($"/d{random.Next(50)}/ü \"{random.Next(20)}\" <&>/f{index}");
            entries.Add(EntryChange.Put(path, new FileFacts(random.NextInt64(1L << 40), new UnixTime(random.NextInt64(1L << 61)), random.Next(0x1000), toLegacy ? Stamp.FromSeconds(random.Next()) : RandomStamp(random))));
        }

        entries.Add(EntryChange.Put(VirtualPath.Parse("/empty"), new DirectoryFacts(new UnixTime(-5), 0x3FF, Stamp.FromSeconds(77))));
        tree.Apply(Sender, TreeModel.Patch(entries));

        var message = await WriteFull(tree.Current, toLegacy);
        var read = await Read(message);

        Assert.AreEqual(new UpdateHeader(Sender, true, 1477224426, new UpdatePosition(5, 9, 9)), read.Header);
        Assert.AreEqual(0, read.LeftOut);
        var copy = new TreeWriter();
        copy.Apply(Sender, read.Patch);
        Assert.AreEqual(tree.Current.HoldingOf(Sender), copy.Current.HoldingOf(Sender));
        CollectionAssert.AreEqual(TreeModel.Render(tree.Current).ToList(), TreeModel.Render(copy.Current).ToList());
    }

    // Entries in the form of our own nodes are read by a way of their own. Whatever becomes of their bytes, the outcome is that of the JSON reader.
    [TestMethod]
    public async Task PlainEntries_WithAnyByteChanged_AreReadAsByTheJsonReader()
    {
        var random = new Random(7);
        var tree = new TreeWriter();
        string[] names = ["a", "b.txt", "ü", "with space", "q\"uote", "back\\slash", ".hidden", "..."];
        var entries = new List<EntryChange>();
        foreach (var directory in new[] { "", "/d", "/d/e\"f", "/d/back\\slash" })
        {
            foreach (var name in names)
                entries.Add(EntryChange.Put(VirtualPath.Parse($"{directory}/{name}"), new FileFacts(random.Next(3), new UnixTime(random.NextInt64(-5, 1L << 61)), 0x1A4, RandomStamp(random))));
        }

        tree.Apply(Sender, TreeModel.Patch(entries));
        var message = await WriteFull(tree.Current);
        const string Interesting = "\"\\,:{}[]/.-+019 etu\0\u007f";
        var good = 0;
        for (var round = 0; round < 3000; round++)
        {
            var changed = message.ToArray();
            for (var i = random.Next(3); i >= 0; i--) changed[random.Next(changed.Length)] = (byte)(random.Next(4) == 0 ? random.Next(256) : Interesting[random.Next(Interesting.Length)]);

            var spaced = Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(changed).Replace(",{\"FullName\"", ", {\"FullName\"", StringComparison.Ordinal));
            var plain = await OutcomeOf(changed, 1 + random.Next(4));
            var byReader = await OutcomeOf(spaced, 1);
            Assert.AreEqual(byReader, plain, Encoding.Latin1.GetString(changed));
            if (!plain.StartsWith("refused", StringComparison.Ordinal)) good++;
        }

        Assert.IsTrue(good > 100, "many are read");

        static async Task<string> OutcomeOf(byte[] message, int pieces)
        {
            try
            {
                var read = await Read(message, pieces);
                var copy = new TreeWriter();
                copy.Apply(Sender, read.Patch);
                return $"{read.Header} {read.Entries} {read.LeftOut} {string.Join('\n', TreeModel.Render(copy.Current))}";
            }
            catch (UpdateFormatException refused)
            {
                // Where in the body it was is another byte.
                return "refused: " + refused.Message.Split(" at line ")[0];
            }
        }
    }

    [TestMethod]
    public async Task ErrorAfterPlainEntries_IsReportedWithItsPlace()
    {
        var tree = new TreeWriter();
        tree.Apply(Sender, TreeModel.Patch([.. Enumerable.Range(0, 100).Select(index => EntryChange.Put(VirtualPath.Parse($"/f{index:d3}"), new FileFacts(1, default, 0, new Stamp(1))))]));
        var message = await WriteFull(tree.Current);
        message[^2] = (byte)'x';

        var refused = await Assert.ThrowsExactlyAsync<UpdateFormatException>(() => Read(message));

        Assert.AreEqual($"the body is not JSON at line 1, byte {message.Length - 1}", refused.Message);
    }

    // If a time changes on the way, the digests differ and full updates are sent indefinitely.
    [TestMethod]
    public async Task AnyModificationTime_IsReadBackAsItWasWritten()
    {
        const long second = 1_000_000_000;
        var random = new Random(1);
        var times = new[] { long.MinValue, long.MaxValue, 0, -1, 1, -second, second }
            .SelectMany(time => Enumerable.Range(-2, 5).Select(off => Int128.Clamp((Int128)time + off * second, long.MinValue, long.MaxValue)))
            .SelectMany(time => new[] { -1, 0, 1 }.Select(off => new UnixTime((long)Int128.Clamp(time + off, long.MinValue, long.MaxValue))))
            .Concat(Enumerable.Range(0, 1000).Select(_ => new UnixTime(random.NextInt64(long.MinValue, long.MaxValue))))
            .Append(UnixTime.FromSeconds(long.MinValue))
            .Append(UnixTime.FromSeconds(long.MaxValue, 999_999_999))
            .ToList();
        var tree = new TreeWriter();
        tree.Apply(Sender, TreeModel.Patch([.. times.Select((time, index) => EntryChange.Put(VirtualPath.Parse($"/f{index}"), new FileFacts(1, time, 0, new Stamp(1))))]));

        var copy = new TreeWriter();
        copy.Apply(Sender, (await Read(await WriteFull(tree.Current))).Patch);

        CollectionAssert.AreEqual(TreeModel.Render(tree.Current).ToList(), TreeModel.Render(copy.Current).ToList());
        Assert.AreEqual(tree.Current.HoldingOf(Sender), copy.Current.HoldingOf(Sender));
    }

    // The specification's example: a directory of mode 2147484141 and a file below it.
    [TestMethod]
    [DataRow(
        true,
        """{"Deletion":false,"FullName":"somefolder","Basename":"somefolder","Dir":true,"LastModified":1476551310,"LastInfoUpdated":1477224426,"SizeInBytes":0,"FileMode":2147484141,"OwnerNode":"server1"},"""
        + """{"Deletion":false,"FullName":"somefolder/test.txt","Basename":"test.txt","Dir":false,"LastModified":1476551310,"LastInfoUpdated":1477224426,"SizeInBytes":123,"FileMode":420,"OwnerNode":"server1"}""")]
    [DataRow(
        false,
        """{"FullName":"somefolder","Dir":true,"LastModified":1476551310,"LastInfoUpdated":1477224426,"SizeInBytes":0,"FileMode":2147484141},"""
        + """{"FullName":"somefolder/test.txt","LastModified":1476551310,"LastInfoUpdated":1477224426,"SizeInBytes":123,"FileMode":420,"StampNanoseconds":65536}""")]
    public async Task FullUpdate_HasTheMembersThatItsReceiverNeeds(bool toLegacy, string entries)
    {
        var tree = new TreeWriter();
        tree.Apply(Sender, TreeModel.Patch(
        [
            EntryChange.Put(VirtualPath.Parse("/somefolder"), new DirectoryFacts(UnixTime.FromSeconds(1476551310), 0b111_101_101, Stamp.FromSeconds(1477224426))),
            EntryChange.Put(VirtualPath.Parse("/somefolder/test.txt"), new FileFacts(123, UnixTime.FromSeconds(1476551310), 0b110_100_100, Stamp.FromSeconds(1477224426, 65_536))),
        ]));

        var message = Encoding.UTF8.GetString(await WriteFull(tree.Current, toLegacy));

        Assert.AreEqual($$"""{"SenderNodeName":"server1","Full":true,"UpdateTime":1477224426,"Epoch":5,"Sequence":9,"Since":9,"Files":[{{entries}}]}""", message);
    }

    // To a legacy node a deletion is "Deletion":false,"SizeInBytes":-1; between ours it is "Deletion":true.
    [TestMethod]
    [DataRow(true, "\"Deletion\":false", "\"SizeInBytes\":-1")]
    [DataRow(false, "\"Deletion\":true", "\"SizeInBytes\":0")]
    public async Task Deletion_IsSpeltAsTheReceiverUnderstandsIt_AndBothAreRead(bool toLegacy, string deletion, string size)
    {
        var pipe = new Pipe();
        var header = new UpdateHeader(Sender, false, 1, new UpdatePosition(1, 2, 1));
        await UpdateWriter.WriteChangesAsync(pipe.Writer, header, [EntryChange.Delete(VirtualPath.Parse("/a/b"), new Stamp(9))], toLegacy, default);
        await pipe.Writer.CompleteAsync();
        var message = await ReadAll(pipe.Reader);
        StringAssert.Contains(Encoding.UTF8.GetString(message), deletion);
        StringAssert.Contains(Encoding.UTF8.GetString(message), size);

        var tree = new TreeWriter();
        tree.Apply(Sender, TreeModel.Patch([EntryChange.Put(VirtualPath.Parse("/a/b"), new FileFacts(1, default, 0)), EntryChange.Put(VirtualPath.Parse("/a/c"), new FileFacts(1, default, 0))]));
        tree.Apply(Sender, (await Read(message)).Patch);
        CollectionAssert.AreEqual(new[] { "/a", "/a/c" }, tree.Current.Walk(VirtualPath.Root).Select(step => step.Path.Value).ToList());
    }

    // Paths of printable ASCII are taken as bytes, others as text, and where Full comes last all of them as text: it makes no difference.
    [TestMethod]
    public async Task PathsOfAllKindsInAnyOrder_AreTheSameTakenAsBytesAndAsText()
    {
        string[] names = ["a", "b", "c d", "ü", "\\u0061", "...", "-", new string('n', 255), new string('n', 1021), "x\\ty"];
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var entries = Enumerable.Range(0, random.Next(1, 40)).Select(_ =>
            {
                var path = string.Join('/', Enumerable.Range(0, random.Next(1, 4)).Select(_ => names[random.Next(names.Length)]));
                var (isDirectory, mode) = random.Next(4) == 0 ? ("true", 2147484141L) : ("false", random.Next(6) == 0 ? 1L << 27 : 420L);
                return $$"""{"FullName":"{{path}}","Dir":{{isDirectory}},"SizeInBytes":{{random.Next(-1, 3)}},"LastModified":{{random.Next(3)}},"LastInfoUpdated":1,"FileMode":{{mode}}}""";
            });
            var files = $"\"Files\":[{string.Join(',', entries)}]";

            var asBytes = await Read(Encoding.UTF8.GetBytes($$"""{"SenderNodeName":"server1","Full":true,{{files}}}"""));
            var asText = await Read(Encoding.UTF8.GetBytes($$"""{"SenderNodeName":"server1",{{files}},"Full":true}"""));

            Assert.AreEqual((asText.Entries, asText.LeftOut), (asBytes.Entries, asBytes.LeftOut), $"seed {seed}");
            CollectionAssert.AreEqual(Rendered(asText), Rendered(asBytes), $"seed {seed}");
        }

        static List<string> Rendered(ReceivedUpdate update) => [.. TreeModel.Render(new TreeWriter().Apply(Sender, update.Patch))];
    }

    // Names are matched case-insensitively, unknown fields are ignored, the order of members and of entries is arbitrary.
    [TestMethod]
    public async Task MembersInAnyOrderAndCaseWithUnknownOnes_AreRead()
    {
        const string message = """
            {"files":[{"fullname":"a/x","sizeinbytes":3,"Extra":{"a":[1,{"b":2}]},"lastmodified":10},{"FullName":"b","DIR":true},{"FullName":"a/y"}],
             "Other":[[{}]],"UPDATETIME":5,"full":true,"sendernodename":"server1"}
            """;

        foreach (var pieces in new[] { 1, 3, 7, message.Length })
        {
            var read = await Read(Encoding.UTF8.GetBytes(message), pieces);
            Assert.IsNull(read.Header.Position);
            Assert.IsTrue(read.Header.IsFull);
            var tree = new TreeWriter();
            tree.Apply(Sender, read.Patch);
            CollectionAssert.AreEqual(
                new[] { "/a/ 1", "/a/x 3 10000000000 server1 1", "/a/y 0 0 server1 1", "/b/ 1" },
                TreeModel.Render(tree.Current).ToList());
        }
    }

    [TestMethod]
    [DataRow("", "empty")]
    [DataRow("[]", "not a JSON object")]
    [DataRow("nonsense", "not JSON")]
    [DataRow("{\"SenderNodeName\":\"a\"", "not JSON")]
    [DataRow("{\"SenderNodeName\":\"a\"} {}", "not JSON")]
    [DataRow("{\"Full\":true,\"Files\":[]}", "SenderNodeName is missing")]
    [DataRow("{\"SenderNodeName\":\"a b\",\"Files\":[]}", "not a node name")]
    [DataRow("{\"SenderNodeName\":5}", "SenderNodeName")]
    [DataRow("{\"SenderNodeName\":\"a\",\"Full\":\"yes\"}", "Full")]
    [DataRow("{\"SenderNodeName\":\"a\",\"Files\":{}}", "Files")]
    [DataRow("{\"SenderNodeName\":\"a\",\"Files\":[1]}", "not an object")]
    [DataRow("{\"SenderNodeName\":\"a\",\"Files\":[{}]}", "no FullName")]
    [DataRow("{\"SenderNodeName\":\"a\",\"Files\":[{\"FullName\":{}}]}", "FullName")]
    [DataRow("{\"SenderNodeName\":\"a\",\"Files\":[{\"FullName\":\"../x\"}]}", "..")]
    [DataRow("{\"SenderNodeName\":\"a\",\"Files\":[{\"FullName\":\"a//x\"}]}", "empty name")]
    [DataRow("{\"SenderNodeName\":\"a\",\"Files\":[{\"FullName\":\"\"}]}", "empty name")]
    [DataRow("{\"SenderNodeName\":\"a\",\"Files\":[{\"FullName\":\"x\",\"SizeInBytes\":-2}]}", "SizeInBytes")]
    [DataRow("{\"SenderNodeName\":\"a\",\"Files\":[{\"FullName\":\"x\",\"SizeInBytes\":\"7\"}]}", "SizeInBytes")]
    [DataRow("{\"SenderNodeName\":\"a\",\"X\":[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]}", "not JSON")]
    [DataRow("{\"SenderNodeName\":\"a\",\"Ranges\":5}", "Ranges is not a string")]
    [DataRow("{\"SenderNodeName\":\"a\",\"Ranges\":\"9:200\"}", "longer than 9 bits")]
    [DataRow("{\"SenderNodeName\":\"a\",\"Ranges\":\"9:1\",\"Full\":true}", "has no Ranges")]
    [DataRow("{\"SenderNodeName\":\"a\",\"Ranges\":\"9:1\",\"Epoch\":1,\"Sequence\":1,\"SinceDigest\":\"1\"}", "and Digest")]
    [DataRow("{\"SenderNodeName\":\"a\",\"Ranges\":\"9:1\",\"Epoch\":1,\"Sequence\":1,\"Digest\":\"1\"}", "SinceDigest and")]
    [DataRow("{\"SenderNodeName\":\"a\",\"Ranges\":\"9:1\",\"SinceDigest\":\"1\",\"Digest\":\"1\"}", "Epoch")]
    [DataRow("{\"SenderNodeName\":\"a\",\"Digest\":1}", "Digest is not a digest")]
    public async Task MalformedMessage_IsRefusedWithASentenceThatNamesWhatIsWrong(string message, string part)
    {
        var error = await Assert.ThrowsExactlyAsync<UpdateFormatException>(() => Read(Encoding.UTF8.GetBytes(message)));
        StringAssert.Contains(error.Message, part);
    }

    // A name that is not UTF-8 or holds a control character is left out and counted; the message as a whole stands.
    [TestMethod]
    public async Task NamesThatNoTreeCanHold_AreLeftOutAndCounted()
    {
        var message = """{"SenderNodeName":"a","Full":true,"Files":[{"FullName":"good"},{"FullName":"b\u0007d"},{"FullName":"\ud800"},{"FullName":"pipe","FileMode":33554852},{"FullName":"LONG"}]}"""
            .Replace("LONG", new string('x', VirtualPath.MaxNameBytes + 1), StringComparison.Ordinal);

        var read = await Read(Encoding.UTF8.GetBytes(message));

        Assert.AreEqual(5, read.Entries);
        Assert.AreEqual(4, read.LeftOut);
    }

    // Entries of one directory mostly come one after the other, and their names are then read without their paths: by the same rules.
    [TestMethod]
    [DataRow("d/.", "is no path")]
    [DataRow("d/..", "is no path")]
    [DataRow("d/", "is no path")]
    [DataRow("d//x", "is no path")]
    public async Task InvalidNameAfterItsSibling_IsRefused(string path, string part)
    {
        var error = await Assert.ThrowsExactlyAsync<UpdateFormatException>(() => Read(FullOf("d/a", path)));
        StringAssert.Contains(error.Message, part);
    }

    [TestMethod]
    public async Task NamesAfterTheirSiblings_OfEveryKind_GiveTheSameTreeAsEachAfterAnother()
    {
        string[] names =
        [
            "d/a", "d/b c", "d/größe", "d/.hidden", "d/...", "d/q\"uote", "d/b\u0007d", "d/\u007f", "d/\u0085", "d/" + new string('x', VirtualPath.MaxNameBytes),
            "d/" + new string('y', VirtualPath.MaxNameBytes + 1), "d/sub/x", "d/sub/y", "d/z", "top", "top2", "/d/slash", "dd/a", "d/a", "d/ü/x", "d/ü/y",
        ];

        // With a directory in between no entry follows a sibling of its own.
        var together = await Read(FullOf(names), 5);
        var apart = await Read(FullOf([.. names.SelectMany(name => new[] { name, "other/one" })]));

        Assert.AreEqual(apart.LeftOut, together.LeftOut);
        Assert.AreEqual(4, together.LeftOut);
        CollectionAssert.AreEqual(
            Rendered(apart).Where(line => !line.Contains("/other", StringComparison.Ordinal)).ToList(),
            Rendered(together).ToList());
    }

    // A second FullName counts instead of the first, whichever way each is read.
    [TestMethod]
    public async Task SecondNameOfAnEntry_CountsInsteadOfTheFirst()
    {
        var message = """{"SenderNodeName":"server1","Full":true,"Files":[{"FullName":"d/a"},{"FullName":"d/b","FullName":"e/b"},{"FullName":"f/c","FullName":"e/c"}]}""";

        var tree = Rendered(await Read(Encoding.UTF8.GetBytes(message)));

        CollectionAssert.AreEqual(new[] { "/d/a", "/e/b", "/e/c" }, tree.Select(line => line.Split(' ')[0]).Where(path => !path.EndsWith('/')).ToList());
    }

    // A node that knows only seconds sends no StampNanoseconds. The greatest stamp is told up to the receiver's limit.
    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task Stamp_IsReadInAnyForm_AndTheLatestUpToTheLimitIsTold(bool isFull)
    {
        var message = $$"""
            {"SenderNodeName":"server1","Full":{{(isFull ? "true" : "false")}},"Files":[{"FullName":"d/a","LastInfoUpdated":7},
            {"FullName":"d/b","LastModified":1,"LastInfoUpdated":8,"SizeInBytes":1,"FileMode":420,"StampNanoseconds":5},{"FullName":"d/c","StampNanoseconds":6,"LastInfoUpdated":8},
            {"FullName":"d/e","LastInfoUpdated":9},{"FullName":"d/f","LastInfoUpdated":-1},{"FullName":"d/g","LastInfoUpdated":9223372036854775807,"StampNanoseconds":-1}]}
            """.Replace("\n", "", StringComparison.Ordinal);
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(Encoding.UTF8.GetBytes(message));
        await pipe.Writer.CompleteAsync();

        var update = await UpdateReader.ReadAsync(pipe.Reader, new UpdateMemory(new UpdateLimits()).Begin(), Stamp.FromSeconds(8, 6), default);

        Assert.AreEqual(Stamp.FromSeconds(8, 6), update.LatestStamp);
        var files = new TreeWriter().Apply(Sender, update.Patch).Root.FindChild("d"u8)!.PartOf(Sender)!.Files;
        CollectionAssert.AreEqual(
            new[]
            {
                Stamp.FromSeconds(7), Stamp.FromSeconds(8, 5), Stamp.FromSeconds(8, 6), Stamp.FromSeconds(9), default,
                Stamp.FromSeconds(Stamp.MaxSeconds),
            },
            Enumerable.Range(0, files.Count).Select(index => files[index].Stamp).ToList());
    }

    /// <summary>Half of them whole seconds, as of a node that knows no others.</summary>
    private static Stamp RandomStamp(Random random) => Stamp.FromSeconds(random.Next(), random.Next(2) * random.Next(1_000_000_000));

    private static byte[] FullOf(params string[] paths) => Encoding.UTF8.GetBytes(
        """{"SenderNodeName":"server1","Full":true,"Files":[""" + string.Join(',', paths.Select(path => $$"""{"FullName":{{JsonSerializer.Serialize(path, Raw)}},"SizeInBytes":3}""")) + "]}");

    private static IReadOnlyList<string> Rendered(ReceivedUpdate update)
    {
        var tree = new TreeWriter();
        tree.Apply(Sender, update.Patch);
        return [.. TreeModel.Render(tree.Current)];
    }

    [TestMethod]
    public async Task TokenThatNeverEnds_IsRefusedBeforeItFillsMemory()
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1 << 20));
        var reading = UpdateReader.ReadAsync(pipe.Reader, new UpdateMemory(new UpdateLimits()).Begin(), Stamp.Max, default);
        await pipe.Writer.WriteAsync(Encoding.UTF8.GetBytes("{\"SenderNodeName\":\"" + new string('x', 300_000)));

        await Assert.ThrowsExactlyAsync<UpdateFormatException>(() => reading);
    }

    // https://pkg.go.dev/io/fs#FileMode: a 0755 directory is 2147484141, a 0644 file 420.
    [TestMethod]
    [DataRow(0x1ED, true, 2147484141u)]
    [DataRow(0x1A4, false, 420u)]
    [DataRow(0xFFF, false, 0x00D001FFu)]
    public void FileMode_IsGosAndComesBack(int permissions, bool isDirectory, uint mode)
    {
        Assert.AreEqual(mode, GoFileMode.From(permissions, isDirectory));
        Assert.AreEqual(permissions, GoFileMode.ToPermissions(mode));
    }

    private static async Task<byte[]> WriteFull(TreeSnapshot tree, bool toLegacy = false)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        var header = new UpdateHeader(Sender, true, 1477224426, new UpdatePosition(5, 9, 9));
        await UpdateWriter.WriteFullAsync(pipe.Writer, header, tree, toLegacy, default);
        await pipe.Writer.CompleteAsync();
        var message = await ReadAll(pipe.Reader);
        using var parsed = JsonDocument.Parse(message);
        return message;
    }

    private static async Task<byte[]> ReadAll(PipeReader reader)
    {
        using var bytes = new MemoryStream();
        await reader.CopyToAsync(bytes);
        return bytes.ToArray();
    }

    private static async Task<ReceivedUpdate> Read(byte[] message, int pieces = 1)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        var reading = UpdateReader.ReadAsync(pipe.Reader, new UpdateMemory(new UpdateLimits()).Begin(), Stamp.Max, default);
        foreach (var piece in message.Chunk(Math.Max(1, message.Length / pieces))) await pipe.Writer.WriteAsync(piece);
        await pipe.Writer.CompleteAsync();
        return await reading;
    }
}
