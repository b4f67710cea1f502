using System.Text;
using Dftp.Cluster.Door;
using Microsoft.Extensions.Time.Testing;

namespace Dftp.Tests.Cluster.Door;

[TestClass]
public sealed class SignatureTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_795_000_000);

    private readonly FakeTimeProvider _time = new(Now);

    // RFC 9421, appendix B.2.5: "the HTTP request message is signed with hmac-sha256".
    [TestMethod]
    public void Base_OfTheRfcsExample_GivesItsMac()
    {
        var key = new SecretKey(Convert.FromBase64String("uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ=="));
        using var text = new SignatureBase(400);
        text.Add("\"date\""u8, "Tue, 20 Apr 2021 02:07:55 GMT"u8);
        text.Add("\"@authority\""u8, "example.com"u8);
        text.Add("\"content-type\""u8, "application/json"u8);
        text.End("(\"date\" \"@authority\" \"content-type\");created=1618884473;keyid=\"test-shared-secret\""u8);

        var mac = new byte[SecretKey.MacBytes];
        key.Mac(text.Written, mac);

        Assert.AreEqual("pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=", Convert.ToBase64String(mac));
    }

    [TestMethod]
    public void Base_HasEveryComponentOnALine()
    {
        var message = new MessageComponents { Method = "POST"u8, Target = "/join/?peer=a%20b"u8, ContentDigest = "sha-256=:x:"u8 };

        using var text = SignatureBase.Of(message, SignatureProfile.OfRequestWithBody, "(…)"u8);

        Assert.AreEqual(
            "\"@method\": POST\n\"@path\": /join/\n\"@query\": ?peer=a%20b\n\"content-digest\": sha-256=:x:\n\"@signature-params\": (…)",
            Encoding.UTF8.GetString(text.Written));
    }

    [TestMethod]
    [DataRow("GET", "/fs/a%2fb?redirN=1", null)]
    [DataRow("HEAD", "/", null)]
    [DataRow("GET", "/fs/a?", null)]
    [DataRow("POST", "/cluster/", "sha-256=:AAAA:")]
    public void SignedRequest_IsAccepted(string method, string target, string? digest)
    {
        using var pair = new Pair(_time);

        var signature = pair.Signer.Sign(method, target, digest, Nonce.First());

        Assert.IsNull(pair.Verify(method, target, digest, signature, out var request));
        Assert.AreEqual(signature.Nonce, request!.Nonce);
        Assert.AreEqual(digest is not null, request.CoversDigest);
    }

    [TestMethod]
    public void SignedRequest_HasTheFormThatTheDocumentationShows()
    {
        using var pair = new Pair(_time);

        var signature = pair.Signer.Sign("GET", "/status/", null, Nonce.First());

        var id = SecretOfTest.IdOf(SecretOfTest.KeyA);
        Assert.AreEqual(
            $"dftp=(\"@method\" \"@path\" \"@query\");created=1795000000;nonce=\"{signature.Nonce}\";keyid=\"{id}\";tag=\"dftp\"",
            signature.Input);
        StringAssert.Matches(signature.Signature, new("^dftp=:[A-Za-z0-9+/]{43}=:$"));
    }

    // The example of docs/protocol.md.
    [TestMethod]
    public void DocumentedExample_IsWhatIsSent()
    {
        using var pair = new Pair(new FakeTimeProvider(DateTimeOffset.FromUnixTimeSeconds(1_795_828_800)), "an example of a key, not for use anywhere");
        var digest = BodyDigest.FieldOf("peer=server2:7041"u8);

        var signature = pair.Signer.Sign("POST", "/join/", digest, new Nonce(0x9c0f5d2f1b7a4c33, 1));

        var document = File.ReadAllText(Path.Combine(Dftp.Tests.Scenarios.Support.Repository.Root, "docs", "protocol.md"));
        foreach (var part in new[] { digest, signature.Signature }.Concat(signature.Input.Split("keyid"))) StringAssert.Contains(document, part);
    }

    [TestMethod]
    public void FieldsWrittenAsBytes_AreThoseOfTheStrings()
    {
        using var pair = new Pair(_time);
        var output = new byte[RequestSigner.MaxFieldBytes];
        var message = new MessageComponents { Method = "GET"u8, Target = "/fs/a?redirN=1"u8 };

        var length = pair.Signer.WriteFields(message, new Nonce(7, 2), output);
        var lines = Encoding.ASCII.GetString(output, 0, length).Split("\r\n");

        Assert.AreEqual(3, lines.Length);
        Assert.IsNull(pair.Verify("GET", "/fs/a?redirN=1", null, lines[0]["Signature-Input: ".Length..], lines[1]["Signature: ".Length..]));
    }

    [TestMethod]
    [DataRow("PUT", "/join/?peer=a", "sha-256=:AAAA:")]
    [DataRow("POST", "/join?peer=a", "sha-256=:AAAA:")]
    [DataRow("POST", "/join/?peer=b", "sha-256=:AAAA:")]
    [DataRow("POST", "/join/?peer=%61", "sha-256=:AAAA:")]
    [DataRow("POST", "/join/?peer=a", "sha-256=:AAAB:")]
    public void AlteredRequest_HasAWrongSignature(string method, string target, string digest)
    {
        using var pair = new Pair(_time);
        var signature = pair.Signer.Sign("POST", "/join/?peer=a", "sha-256=:AAAA:", Nonce.First());

        Assert.AreEqual(RefusalCause.WrongSignature, pair.Verify(method, target, digest, signature, out _)?.Cause);
    }

    // RFC 9651, section 4.2: white space between the items of an inner list and after a semicolon; parameters have any order.
    [TestMethod]
    [DataRow("dftp=( \"@query\"   \"@path\" \"@method\" ); tag=\"dftp\";  keyid=\"{key}\";nonce=\"00000000000000aa-1\";created=1795000000")]
    [DataRow(" dftp=(\"@method\" \"@path\" \"@query\");created=1795000000;keyid=\"{key}\";alg=\"hmac-sha256\";nonce=\"00000000000000aa-1\";tag=\"dftp\" ")]
    public void OtherOrderAndWhiteSpace_AreAccepted(string input)
    {
        using var pair = new Pair(_time);
        input = input.Replace("{key}", pair.Key.Id, StringComparison.Ordinal);
        var canonical = string.Join(' ', input.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Replace("( ", "(", StringComparison.Ordinal).Replace(" )", ")", StringComparison.Ordinal)
            .Replace("; ", ";", StringComparison.Ordinal)["dftp=".Length..];
        var values = new Dictionary<string, string> { ["@method"] = "GET", ["@path"] = "/", ["@query"] = "?" };
        var components = canonical[1..canonical.IndexOf(')', StringComparison.Ordinal)].Split(' ').Select(name => name.Trim('"'));

        var signature = pair.MacOf(
            string.Concat(components.Select(name => $"\"{name}\": {values[name]}\n")) + $"\"@signature-params\": {canonical}");

        Assert.IsNull(pair.Verify("GET", "/", null, input, signature));
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("dftp")]
    [DataRow("dftp=")]
    [DataRow("dftp=()")]
    [DataRow("dftp=();created=1795000000;nonce=\"00000000000000aa-1\";keyid=\"{key}\";tag=\"dftp\"")]
    [DataRow("dftp=(\"@method\" \"@path\");created=1795000000;nonce=\"00000000000000aa-1\";keyid=\"{key}\";tag=\"dftp\"")]
    [DataRow("dftp=(\"@method\" \"@path\" \"@query\" \"@query\");created=1795000000;nonce=\"00000000000000aa-1\";keyid=\"{key}\";tag=\"dftp\"")]
    [DataRow("dftp=(\"@method\" \"@path\" \"@query\" \"date\");created=1795000000;nonce=\"00000000000000aa-1\";keyid=\"{key}\";tag=\"dftp\"")]
    [DataRow("dftp=(\"@method\"\"@path\" \"@query\");created=1795000000;nonce=\"00000000000000aa-1\";keyid=\"{key}\";tag=\"dftp\"")]
    [DataRow("dftp=(\"@method\" \"@path\" \"@query\";req);created=1795000000;nonce=\"00000000000000aa-1\";keyid=\"{key}\";tag=\"dftp\"")]
    [DataRow("dftp=(\"@method\" \"@path\" \"@query\");created=1795000000;created=1;nonce=\"00000000000000aa-1\";keyid=\"{key}\";tag=\"dftp\"")]
    [DataRow("dftp=(\"@method\" \"@path\" \"@query\");created=1795000000;nonce=\"00000000000000aa-1\";keyid=\"{key}\";keyid=\"{key}\";tag=\"dftp\"")]
    [DataRow("dftp=(\"@method\" \"@path\" \"@query\");created=1795000000;nonce=\"00000000000000aa-1\";keyid=\"{key}\";tag=\"dftp\";x=\"y\"")]
    [DataRow("dftp=(\"@method\" \"@path\" \"@query\");nonce=\"00000000000000aa-1\";keyid=\"{key}\";tag=\"dftp\"")]
    [DataRow("dftp=(\"@method\" \"@path\" \"@query\");created=1795000000;keyid=\"{key}\";tag=\"dftp\"")]
    [DataRow("dftp=(\"@method\" \"@path\" \"@query\");created=1795000000;nonce=\"once\";keyid=\"{key}\";tag=\"dftp\"")]
    [DataRow("dftp=(\"@method\" \"@path\" \"@query\");created=1795000000;nonce=\"00000000000000aa-0\";keyid=\"{key}\";tag=\"dftp\"")]
    [DataRow("dftp=(\"@method\" \"@path\" \"@query\");created=1795000000;nonce=\"00000000000000aa-1\";keyid=\"{key}\";tag=\"dftp\";alg=\"ed25519\"")]
    [DataRow("dftp=(\"@method\" \"@path\" \"@query\");created=1795000000;nonce=\"00000000000000aa-1\";keyid=\"{key}\";tag=\"dftp")]
    [DataRow("dftp=(\"@method\" \"@path\" \"@query\");created=-1;nonce=\"00000000000000aa-1\";keyid=\"{key}\";tag=\"dftp\"")]
    [DataRow("dftp=(\"@method\" \"@path\" \"@query\");created=1795000000 ;nonce=\"00000000000000aa-1\";keyid=\"{key}\";tag=\"dftp\"")]
    [DataRow("dftp=(\"@method\" \"@path\" \"@query\");created=1795000000;nonce=\"00000000000000aa-1\";keyid=\"{key}\";tag=\"dftp\", other=(\"@method\")")]
    [DataRow("other=(\"@method\" \"@path\" \"@query\");created=1795000000;nonce=\"00000000000000aa-1\";keyid=\"{key}\";tag=\"dftp\"")]
    public void InputThatIsNotOfTheProfile_IsMalformed(string input)
    {
        using var pair = new Pair(_time);
        input = input.Replace("{key}", pair.Key.Id, StringComparison.Ordinal);

        // The MAC is that of what the parser would have to take the text for, so that nothing else is wrong.
        var parameters = input.StartsWith("dftp=", StringComparison.Ordinal) ? input["dftp=".Length..] : input;
        var signature = pair.MacOf($"\"@method\": GET\n\"@path\": /\n\"@query\": ?\n\"@signature-params\": {parameters}");

        Assert.AreEqual(RefusalCause.Malformed, pair.Verify("GET", "/", null, input, signature)?.Cause);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("dftp=")]
    [DataRow("dftp=::")]
    [DataRow("dftp=:AAAA:")]
    [DataRow("other=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:")]
    [DataRow("dftp=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:;x")]
    [DataRow("dftp=:!AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:")]
    public void SignatureThatIsNotOfTheProfile_IsMalformed(string signature)
    {
        using var pair = new Pair(_time);
        var signed = pair.Signer.Sign("GET", "/", null, Nonce.First());

        Assert.AreEqual(RefusalCause.Malformed, pair.Verify("GET", "/", null, signed.Input, signature)?.Cause);
    }

    // Any bytes may arrive; the parser must say no.
    [TestMethod]
    public void MutilatedInput_IsNeverAcceptedAndNeverThrows()
    {
        using var pair = new Pair(_time);
        var random = new Random(1);
        var signed = pair.Signer.Sign("GET", "/", null, Nonce.First());
        for (var round = 0; round < 5000; round++)
        {
            var bytes = Encoding.ASCII.GetBytes(signed.Input);
            for (var i = random.Next(1, 4); i > 0; i--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            if (bytes.AsSpan().SequenceEqual(Encoding.ASCII.GetBytes(signed.Input))) continue;
            var fields = new SignatureFields { Input = bytes.AsSpan(0, random.Next(bytes.Length + 1)), Signature = Encoding.ASCII.GetBytes(signed.Signature) };
            Assert.IsNotNull(pair.Verifier.Verify(new() { Method = "GET"u8, Target = "/"u8 }, fields, out _));
        }
    }

    [TestMethod]
    public void RequestWithoutSignature_IsRefused()
    {
        using var pair = new Pair(_time);

        var refusal = pair.Verifier.Verify(new() { Method = "GET"u8, Target = "/"u8 }, new(), out _);

        Assert.AreEqual(RefusalCause.NoSignature, refusal?.Cause);
    }

    [TestMethod]
    public void UnknownKey_IsNamed()
    {
        using var pair = new Pair(_time);
        using var stranger = new Pair(_time, SecretOfTest.KeyB);

        var refusal = pair.Verify("GET", "/", null, stranger.Signer.Sign("GET", "/", null, Nonce.First()), out _);

        Assert.AreEqual(RefusalCause.UnknownKey, refusal?.Cause);
        StringAssert.StartsWith(refusal!.Sentence, $"unknown key {stranger.Key.Id}: ");
    }

    [TestMethod]
    public void OldKeyAfterItsRemoval_IsUnknown()
    {
        using var pair = new Pair(_time);
        var signature = pair.Signer.Sign("GET", "/", null, Nonce.First());

        pair.Rotate(SecretOfTest.KeyB);

        Assert.AreEqual(RefusalCause.UnknownKey, pair.Verify("GET", "/", null, signature, out _)?.Cause);
    }

    [TestMethod]
    [DataRow(601, "clock off by 601 s: the sender's clock is behind")]
    [DataRow(-601, "clock off by 601 s: the sender's clock is ahead of")]
    [DataRow(61, "clock off by 61 s")]
    public void ClockThatIsOff_IsRefusedWithTheSeconds(int seconds, string start)
    {
        using var pair = new Pair(_time);
        var signature = pair.Signer.Sign("GET", "/", null, Nonce.First());
        pair.Clock.AdjustTime(Now.AddSeconds(seconds));

        var refusal = pair.Verify("GET", "/", null, signature, out _);

        Assert.AreEqual(RefusalCause.ClockOff, refusal?.Cause);
        StringAssert.StartsWith(refusal!.Sentence, start);
    }

    [TestMethod]
    [DataRow(60)]
    [DataRow(-60)]
    public void ClockWithinTheTolerance_IsAccepted(int seconds)
    {
        using var pair = new Pair(_time);
        var signature = pair.Signer.Sign("GET", "/", null, Nonce.First());
        pair.Clock.AdjustTime(Now.AddSeconds(seconds));

        Assert.IsNull(pair.Verify("GET", "/", null, signature, out _));
    }

    [TestMethod]
    public void Replay_IsRefused()
    {
        using var pair = new Pair(_time);
        var signature = pair.Signer.Sign("GET", "/", null, Nonce.First());

        Assert.IsNull(pair.Verify("GET", "/", null, signature, out _));
        Assert.AreEqual(RefusalCause.Replayed, pair.Verify("GET", "/", null, signature, out _)?.Cause);
    }

    [TestMethod]
    public void OtherCluster_IsNamed()
    {
        using var pair = new Pair(_time);
        using var other = new Pair(_time, SecretOfTest.KeyA, "böse \"x\"");

        var refusal = pair.Verify("GET", "/", null, other.Signer.Sign("GET", "/", null, Nonce.First()), out _);

        Assert.AreEqual(RefusalCause.WrongCluster, refusal?.Cause);
        Assert.AreEqual("wrong cluster: the request is for b%C3%B6se%20%22x%22, and this node is in dftp", refusal!.Sentence);
    }

    [TestMethod]
    public void Trailer_BelongsToItsRequestAndDigest()
    {
        using var pair = new Pair(_time);
        var head = pair.Accept("POST", "/update/", out var signature);
        var other = pair.Accept("POST", "/update/", out _);

        var trailer = pair.Signer.TrailerOf(signature, "sha-256=:AAAA:").Split("\r\n", StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line[(line.IndexOf(": ", StringComparison.Ordinal) + 2)..]).ToList();

        Assert.IsNull(Pair.VerifyTrailer(head, trailer[0], trailer[1], trailer[2]));
        Assert.AreEqual(RefusalCause.WrongSignature, Pair.VerifyTrailer(head, "sha-256=:AAAB:", trailer[1], trailer[2])?.Cause);
        Assert.AreEqual(RefusalCause.WrongSignature, Pair.VerifyTrailer(other, trailer[0], trailer[1], trailer[2])?.Cause);
        Assert.AreEqual(RefusalCause.NoSignature, Pair.VerifyTrailer(head, "", "", "")?.Cause);
        Assert.AreEqual(RefusalCause.NoSignature, Pair.VerifyTrailer(head, trailer[0], "", "")?.Cause);
        Assert.AreEqual(RefusalCause.Malformed, Pair.VerifyTrailer(head, trailer[0], signature.Input, signature.Signature)?.Cause);
    }

    [TestMethod]
    public void Answer_BelongsToItsRequestStatusAndBody()
    {
        using var pair = new Pair(_time);
        var request = pair.Accept("POST", "/cluster/", out var signature);
        pair.Accept("POST", "/cluster/", out var other);

        var answer = Answer(pair, request);

        Assert.IsTrue(answer.AreOf(signature, 200, "body"u8));
        Assert.IsFalse(answer.AreOf(signature, 409, "body"u8));
        Assert.IsFalse(answer.AreOf(signature, 200, "Body"u8));
        Assert.IsFalse((answer with { ContentDigest = BodyDigest.FieldOf("Body"u8) }).AreOf(signature, 200, "Body"u8));
        Assert.IsFalse(answer.AreOf(other, 200, "body"u8));
        Assert.IsFalse((answer with { Signature = "", Input = "" }).AreOf(signature, 200, "body"u8));
    }

    // While keys are rotated one node signs with a key that the other has second.
    [TestMethod]
    public void Answer_IsSignedWithTheKeyOfTheRequest()
    {
        using var pair = new Pair(_time);
        var request = pair.Accept("POST", "/cluster/", out var signature);

        pair.Rotate(SecretOfTest.KeyB, SecretOfTest.KeyA);

        Assert.IsTrue(Answer(pair, request).AreOf(signature, 200, "body"u8));
    }

    private static AnswerFields Answer(Pair pair, SignedRequest request) => pair.Signer.SignAnswer(request, 200, "body"u8);

    /// <summary>A signer and a verifier with the same secret.</summary>
    private sealed class Pair : IDisposable
    {
        private readonly SecretOfTest _file;
        private readonly ClusterSecret _secret;

        public Pair(FakeTimeProvider time, string key = SecretOfTest.KeyA, string cluster = "dftp")
        {
            Clock = time;
            _file = new SecretOfTest(key);
            _secret = _file.Open();
            _secret.Follow(time, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
            Signer = new RequestSigner(_secret, cluster, time);
            Verifier = new RequestVerifier(_secret, cluster, time);
        }

        public FakeTimeProvider Clock { get; }

        public SecretKey Key => _secret.Keys.Signing;

        public RequestSigner Signer { get; }

        public RequestVerifier Verifier { get; }

        public void Rotate(params string[] keys)
        {
            _file.Write(string.Join('\n', keys));
            Clock.Advance(TimeSpan.FromSeconds(1));
        }

        public SignedRequest Accept(string method, string target, out RequestSignature signature)
        {
            signature = Signer.Sign(method, target, null, Nonce.First());
            Assert.IsNull(Verify(method, target, null, signature, out var request));
            return request!;
        }

        public Refusal? Verify(string method, string target, string? digest, RequestSignature signature, out SignedRequest? request) =>
            Verify(method, target, digest, signature.Input, signature.Signature, out request);

        public Refusal? Verify(string method, string target, string? digest, string input, string signature) =>
            Verify(method, target, digest, input, signature, out _);

        public string MacOf(string text)
        {
            var mac = new byte[SecretKey.MacBytes];
            Key.Mac(Encoding.UTF8.GetBytes(text), mac);
            return $"dftp=:{Convert.ToBase64String(mac)}:";
        }

        public static Refusal? VerifyTrailer(SignedRequest request, string digest, string input, string signature) =>
            RequestVerifier.VerifyTrailer(
                request, Encoding.ASCII.GetBytes(digest),
                new SignatureFields { Input = Encoding.ASCII.GetBytes(input), Signature = Encoding.ASCII.GetBytes(signature) });

        public void Dispose()
        {
            _secret.Dispose();
            _file.Dispose();
        }

        private Refusal? Verify(string method, string target, string? digest, string input, string signature, out SignedRequest? request)
        {
            var message = new MessageComponents
            {
                Method = Encoding.ASCII.GetBytes(method),
                Target = Encoding.ASCII.GetBytes(target),
                ContentDigest = Encoding.ASCII.GetBytes(digest ?? ""),
            };
            return Verifier.Verify(
                message, new SignatureFields { Input = Encoding.ASCII.GetBytes(input), Signature = Encoding.ASCII.GetBytes(signature) }, out request);
        }
    }
}
